// The model of model.md as a tuned event loop: the yardstick for the compiled kernel of snowpit.
//
// Theory of operation. What is due next is the earliest of five heads: scrapes (one round at a time, sorted), rings
// for the constant delays 1 s, 10 s and 30 s (order of insertion is order of expiry), and a binary heap for the rest.
// Readers that wait for a token of a bucket stand in a ring per server, of which only the head is in the heap. A timer that
// lost its purpose is not removed: the generation of its slot tells. Thinking clients, the only long random delays, go
// to a wheel of 50 ms slots whose lists are poured into the heap when their slot begins, so the heap stays in cache.
// Lognormal and exponential delays come from quantile tables. The sampler is the outer loop, not an event.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#ifndef WHEEL
#define WHEEL 1
#endif

namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;
constexpr double INF = std::numeric_limits<double>::infinity();

struct Setup {
    u32 nodes = 1000, servers = 1, clients = 1400, tokens = 100, seats = 1000, burst = 0, backlog = 0;
    double horizon = 3600.0, bin = 10.0;
    u64 seed = 1;
};

// ---------------------------------------------------------------- chance

struct Xoshiro {  // xoshiro256++ by Blackman and Vigna, seeded with splitmix64
    u64 s[4];
    explicit Xoshiro(u64 seed) {
        for (u64& word : s) {
            seed += 0x9e3779b97f4a7c15ULL;
            u64 z = seed;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
            word = z ^ (z >> 31);
        }
    }
    u64 next() {
        const u64 sum = s[0] + s[3];
        const u64 result = ((sum << 23) | (sum >> 41)) + s[0];
        const u64 t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = (s[3] << 45) | (s[3] >> 19);
        return result;
    }
    double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
};

constexpr u32 POINTS = 4096;

double normal_quantile(double p) {  // Newton on erfc from a crude start; run once per point at start-up
    double x = 0.0;
    for (int i = 0; i < 60; ++i) {
        const double error = 0.5 * std::erfc(-x / std::sqrt(2.0)) - p;
        const double step = error / (std::exp(-0.5 * x * x) / std::sqrt(2.0 * M_PI));
        x -= std::clamp(step, -0.5, 0.5);
        if (std::fabs(step) < 1e-14) break;
    }
    return x;
}

struct Table {
    double q[POINTS + 1];
    double draw(Xoshiro& rng) const {
        const u64 bits = rng.next();
        const u32 i = static_cast<u32>(bits >> 52);
        const double part = static_cast<double>(static_cast<std::int64_t>((bits >> 11) & ((1ULL << 41) - 1))) * 0x1p-41;
        return q[i] + part * (q[i + 1] - q[i]);
    }
};

struct Laws {
    Table review, work, read, unit_exponential;
    Laws() {
        for (u32 i = 0; i <= POINTS; ++i) {
            const double p = std::clamp(static_cast<double>(i) / POINTS, 0.25 / POINTS, 1.0 - 0.25 / POINTS);
            const double z = std::exp(0.5 * normal_quantile(p) - 0.125);
            review.q[i] = 0.001 * z;
            work.q[i] = 0.008 * z;
            read.q[i] = 0.0022 * z;
            unit_exponential.q[i] = -std::log1p(-std::min(static_cast<double>(i) / POINTS, 1.0 - 0.25 / POINTS));
        }
    }
    double exponential(Xoshiro& rng) const {
        const double u = rng.uniform();
        const double x = u * POINTS;
        const u32 i = static_cast<u32>(x);
        if (i >= POINTS - 8) return -std::log1p(-u);  // the tail is exact
        return unit_exponential.q[i] + (x - i) * (unit_exponential.q[i + 1] - unit_exponential.q[i]);
    }
};

const Laws laws;

// ---------------------------------------------------------------- time

struct Timer {
    double t;
    u32 what;  // kind << 27 | index
    u32 generation;
};

enum Kind : u32 {
    REVIEW_SEND,   // call: the kubelet's limiter lets it go
    REVIEW_AGAIN,  // call: one second after 429, or the outer law's delay is over
    REVIEW_DONE,   // call: 201
    BEAT,          // kubelet: next heartbeat
    BEAT_AGAIN,    // kubelet: one second after 429
    BEAT_DONE,     // kubelet
    CALL,          // client: begins to call
    CALL_AGAIN,    // client: after its rest
    CALL_DONE,     // client: 200
    DEAD_DONE,     // server: handler of a request whose client has gone
    TOKEN,         // server: the head of its bucket's line gets its token
    READ_DONE,     // look-up: a read has returned
    LIMIT,         // look-up: 30 s are over
    OUTER_LIMIT    // look-up: 60 s are over
};

constexpr u32 what(Kind kind, u32 index) { return static_cast<u32>(kind) << 27 | index; }

class Ring {  // FIFO of timers; a sentinel of infinite time stands behind the last
  public:
    explicit Ring(u32 size = 1024) : mask_(size - 1), data_(size) { data_[0].t = INF; }
    double head_time() const { return data_[head_ & mask_].t; }
    bool empty() const { return head_ == tail_; }
    u32 size() const { return tail_ - head_; }
    void push(double t, u32 what, u32 generation = 0) {
        if (tail_ - head_ + 2 > mask_) grow();
        data_[tail_++ & mask_] = {t, what, generation};
        data_[tail_ & mask_].t = INF;
    }
    Timer pop() { return data_[head_++ & mask_]; }

  private:
    void grow() {
        std::vector<Timer> bigger(2 * data_.size());
        const u32 count = tail_ - head_;
        for (u32 i = 0; i < count; ++i) bigger[i] = data_[(head_ + i) & mask_];
        data_.swap(bigger);
        mask_ = static_cast<u32>(data_.size()) - 1;
        head_ = 0;
        tail_ = count;
        data_[tail_].t = INF;
    }
    u32 mask_, head_ = 0, tail_ = 0;
    std::vector<Timer> data_;
};

class Heap {  // binary; the first push after a pop takes the place at the top and saves one sift
  public:
    Heap() : data_(1 << 12) { data_[1].t = INF; }
    double head_time() {
        if (hole_) fill();
        return data_[1].t;
    }
    Timer pop() {
        hole_ = true;
        return data_[1];
    }
    void push(double t, u32 what, u32 generation = 0) {
        const Timer timer{t, what, generation};
        if (hole_) {
            hole_ = false;
            sift_down(timer);
            return;
        }
        if (++size_ + 2 >= data_.size()) data_.resize(2 * data_.size());
        u32 i = size_;
        while (i > 1 && data_[i >> 1].t > t) {
            data_[i] = data_[i >> 1];
            i >>= 1;
        }
        data_[i] = timer;
    }

  private:
    void fill() {
        hole_ = false;
        const Timer last = data_[size_];
        data_[size_].t = INF;
        if (--size_ == 0) {
            data_[1].t = INF;
            return;
        }
        sift_down(last);
    }
    void sift_down(const Timer timer) {
        u32 i = 1;
        for (u32 child = 2; child <= size_; child = 2 * i) {
            child += child < size_ && data_[child + 1].t < data_[child].t;
            if (data_[child].t >= timer.t) break;
            data_[i] = data_[child];
            i = child;
        }
        data_[i] = timer;
    }
    u32 size_ = 0;
    bool hole_ = false;
    std::vector<Timer> data_;
};

// ---------------------------------------------------------------- state

struct Bucket {  // 50/s, burst 100, as virtual scheduling: `tat` is when the next token is due
    double tat = -1e18;
    double reserve(double now, double rate, double burst) {
        const double x = std::max(tat, now - (burst - 1.0) / rate);
        tat = x + 1.0 / rate;
        return std::max(x, now);
    }
};

enum ServerCount {
    OFFERED, REJECTED, TIMED_OUT, UNAUTHORIZED, ANSWERED, WASTED, REVIEWS, HITS, MISSES, LOOKUPS, DEAD_LOOKUPS, READS, SERVER_COUNTS
};
const char* const SERVER_NAMES[] = {"offered", "rejected", "timed_out", "unauthorized", "answered", "wasted", "reviews",
    "cache_hits", "cache_misses", "lookups", "dead_lookups", "loopback_reads"};
enum ServerState { BACKLOG, THROTTLE_WAIT, SEATS_MUTATING, SEATS_READONLY, QUEUED, AUTHENTICATING, FRESH_TOKENS, DEAD_WORK, SERVER_STATES };

enum ClientCount { CALLS, ATTEMPTS, GOODPUT, FAILED, REFUSALS, TIMEOUTS, SOJOURN, CLIENT_COUNTS };
const char* const CLIENT_NAMES[] = {"calls", "attempts", "goodput", "failed", "refusals", "timeouts", "sojourn_s"};
enum Population { APPS, HEARTBEATS, SCRAPER, TOKENREVIEWS, POPULATIONS };
const char* const POPULATION_NAMES[] = {"apps", "heartbeats", "metrics-server", "metrics-server/tokenreviews"};

struct Server {
    Bucket bucket;
    u32 mutating = 0, readonly = 0, authenticating = 0, dead_work = 0;
    Ring line{256};
    std::vector<double> expiry;  // by token; the last one is the scraper's
    u64 count[SERVER_COUNTS] = {};
};

struct Lookup {
    u32 asker;  // call of a kubelet, or client
    u32 generation;
    u32 server;
    bool of_review, waited, second, late;
};

struct Call {
    u32 kubelet;
    u32 inner, outer;
    double begun;
};

struct Kubelet {
    double expiry = -INF;
    double begun = 0.0;
    Bucket limiter;
    u32 server = 0;
    u32 inner = 0, outer = 0;
};

struct Client {
    double begun;
    u32 server, token;
};

struct Ask {
    double t;
    u32 kubelet;
};

template <class T>
class Pool {
  public:
    u32 take() {
        if (free_.empty()) {
            items.push_back({});
            return static_cast<u32>(items.size()) - 1;
        }
        const u32 index = free_.back();
        free_.pop_back();
        return index;
    }
    void give_back(u32 index) { free_.push_back(index); }
    std::vector<T> items;

  private:
    std::vector<u32> free_;
};

// ---------------------------------------------------------------- the model

class Storm {
  public:
    explicit Storm(const Setup& setup)
        : s_(setup), rng_(setup.seed), servers_(setup.servers), kubelets_(setup.nodes), clients_(setup.clients + setup.burst) {
        for (Server& server : servers_) server.expiry.assign(s_.tokens + 1, -INF);
        for (u32 i = 0; i < s_.nodes; ++i) kubelets_[i].server = i % s_.servers;
        for (u32 j = 0; j < clients_.size(); ++j) {
            const u32 self = j < s_.clients ? j : (j - s_.clients) % s_.clients;
            clients_[j] = {0.0, self % s_.servers, self % s_.tokens};
        }
        std::vector<Ask> beats(s_.nodes);
        for (u32 i = 0; i < s_.nodes; ++i) beats[i] = {10.0 * rng_.uniform(), i};
        std::sort(beats.begin(), beats.end(), [](const Ask& a, const Ask& b) { return a.t < b.t; });
        for (const Ask& beat : beats) ten_.push(beat.t, what(BEAT, beat.kubelet));
        wheel_.assign(SLOTS, NONE);
        thinking_.resize(clients_.size());
        for (u32 j = 0; j < s_.clients; ++j) later(20.0 * rng_.uniform(), j);
        spread_ = std::min(0.008 * s_.nodes, 4.0);
        scratch_.resize(s_.nodes);
        round_.resize(s_.nodes + 1);
        place_.resize(s_.nodes + 1);
        start_round(0.0);
    }

    void run() {
        const u32 bins = static_cast<u32>(std::ceil(s_.horizon / s_.bin - 1e-9));
        server_rows.assign(static_cast<std::size_t>(bins) * s_.servers * (SERVER_COUNTS + SERVER_STATES), 0.0);
        client_rows.assign(static_cast<std::size_t>(bins) * POPULATIONS * CLIENT_COUNTS, 0.0);
        for (u32 b = 0; b < bins; ++b) {
            until(std::min((b + 1) * s_.bin, s_.horizon));
            sample(b);
        }
    }

    u64 events = 0;
    std::vector<double> server_rows, client_rows;

  private:
    static constexpr u32 SLOTS = 8192, NONE = 0xffffffffu, NOBODY = 0xffffffffu;
    static constexpr double SLOT = 0.05;

    // Think times: into the heap if due in the running slot, else into the list of their slot. Longer than the
    // wheel (410 s: once in 10^9 draws) means: into the heap as well.
    void later(double t, u32 client) {
#if WHEEL
        if (t >= slot_end_ && t < slot_end_ + (SLOTS - 2) * SLOT) {
            const u32 slot = static_cast<u32>(static_cast<u64>(t / SLOT) & (SLOTS - 1));
            thinking_[client] = {t, wheel_[slot]};
            wheel_[slot] = client;
            return;
        }
#endif
        heap_.push(t, what(CALL, client));
    }

    void pour() {
        ++slot_;
        slot_end_ = static_cast<double>(slot_ + 1) * SLOT;
        u32& first = wheel_[slot_ & (SLOTS - 1)];
        for (u32 client = first; client != NONE; client = thinking_[client].next)
            heap_.push(thinking_[client].t, what(CALL, client));
        first = NONE;
    }

    void until(double end) {
        for (;;) {
            const double h = heap_.head_time();
            const double a = one_.head_time(), b = ten_.head_time(), c = thirty_.head_time(), d = round_[asked_].t;
            double t = std::min(std::min(std::min(a, b), std::min(c, d)), h);
#if WHEEL
            if (t >= slot_end_) {
                if (slot_end_ >= end) {
                    if (t >= end) return;
                }
                pour();
                continue;
            }
#endif
            if (t >= end) return;
            ++events;
            if (t == h) fire(heap_.pop());
            else if (t == b) beat(t, ten_.pop().what & INDEX, true);
            else if (t == a) fire_one(one_.pop());
            else if (t == d) scrape(t, round_[asked_++].kubelet);
            else limit(thirty_.pop());
        }
    }

    static constexpr u32 INDEX = (1u << 27) - 1;

    void fire_one(const Timer timer) {
        const u32 index = timer.what & INDEX;
        switch (timer.what >> 27) {
            case BEAT_AGAIN: attempt_beat(timer.t, index); break;
            case REVIEW_AGAIN: send_review(timer.t, index); break;
            default: attempt(timer.t, index);
        }
    }

    void fire(const Timer timer) {
        const u32 index = timer.what & INDEX;
        switch (timer.what >> 27) {
            case BEAT_DONE: beat_done(timer.t, index); break;
            case CALL: begin_call(timer.t, index); break;
            case CALL_DONE: call_done(timer.t, index); break;
            case READ_DONE: read_done(timer.t, index); break;
            case TOKEN: token(timer.t, index); break;
            case REVIEW_DONE: review_done(timer.t, index); break;
            case REVIEW_SEND: post_review(timer.t, index); break;
            case REVIEW_AGAIN: send_review(timer.t, index); break;
            default:  // DEAD_DONE
                --servers_[index].readonly;
                ++servers_[index].count[WASTED];
        }
    }

    // -- scrapes: a round is drawn and sorted by counting when the one before has been asked

    void start_round(double start) {
        const u32 n = s_.nodes;
        std::fill(place_.begin(), place_.end(), 0);
        for (u32 i = 0; i < n; ++i) {
            const double u = rng_.uniform();
            scratch_[i] = u;
            ++place_[static_cast<u32>(u * n) + 1];
        }
        for (u32 i = 0; i < n; ++i) place_[i + 1] += place_[i];
        for (u32 i = 0; i < n; ++i) {
            const double u = scratch_[i];
            round_[place_[static_cast<u32>(u * n)]++] = {start + u * spread_, i};
        }
        for (u32 i = 1; i < n; ++i) {
            const Ask ask = round_[i];
            u32 j = i;
            for (; j > 0 && round_[j - 1].t > ask.t; --j) round_[j] = round_[j - 1];
            round_[j] = ask;
        }
        round_[n].t = INF;
        asked_ = 0;
        next_round_ = start + 60.0;
    }

    void scrape(double now, u32 i) {
        if (asked_ == s_.nodes) start_round(next_round_);
        u64* count = count_[SCRAPER];
        ++count[CALLS];
        ++count[ATTEMPTS];
        if (now < kubelets_[i].expiry) {
            ++count[GOODPUT];
            return;
        }
        const u32 call = calls_.take();
        calls_.items[call] = {i, 0, 0, now};
        ++count_[TOKENREVIEWS][CALLS];
        send_review(now, call);
    }

    void send_review(double now, u32 call) {
        const double at = kubelets_[calls_.items[call].kubelet].limiter.reserve(now, 5.0, 10.0);
        if (at > now) heap_.push(at, what(REVIEW_SEND, call));
        else post_review(now, call);
    }

    void post_review(double now, u32 index) {
        Call& call = calls_.items[index];
        const u32 place = kubelets_[call.kubelet].server;
        Server& server = servers_[place];
        ++server.count[OFFERED];
        ++count_[TOKENREVIEWS][ATTEMPTS];
        if (server.mutating >= s_.seats) {
            ++server.count[REJECTED];
            ++count_[TOKENREVIEWS][REFUSALS];
            if (++call.inner < 10) one_.push(now + 1.0, what(REVIEW_AGAIN, index));
            else outer(now, index);
            return;
        }
        ++server.mutating;
        if (now < server.expiry[s_.tokens]) {
            ++server.count[HITS];
            heap_.push(now + laws.review.draw(rng_), what(REVIEW_DONE, index));
            return;
        }
        look_up(now, place, index, true);
    }

    void outer(double now, u32 index) {
        Call& call = calls_.items[index];
        call.inner = 0;
        if (++call.outer >= 5) {
            ++count_[TOKENREVIEWS][FAILED];
            ++count_[SCRAPER][FAILED];
            calls_.give_back(index);
            return;
        }
        static constexpr double delays[] = {0.5, 0.75, 1.125, 1.6875};
        heap_.push(now + delays[call.outer - 1] * (1.0 + 0.2 * rng_.uniform()), what(REVIEW_AGAIN, index));
    }

    void review_done(double now, u32 index) {
        const Call& call = calls_.items[index];
        Kubelet& kubelet = kubelets_[call.kubelet];
        Server& server = servers_[kubelet.server];
        --server.mutating;
        ++server.count[ANSWERED];
        ++server.count[REVIEWS];
        ++count_[TOKENREVIEWS][GOODPUT];
        count_[TOKENREVIEWS][SOJOURN] += micros(now - call.begun);
        if (now - call.begun < 54.0) {
            ++count_[SCRAPER][GOODPUT];
            count_[SCRAPER][SOJOURN] += micros(now - call.begun);
        } else {
            ++count_[SCRAPER][FAILED];  // the scraper has not waited so long
        }
        kubelet.expiry = now + 120.0;
        calls_.give_back(index);
    }

    // -- heartbeats

    void beat(double now, u32 i, bool) {
        Kubelet& kubelet = kubelets_[i];
        kubelet.inner = kubelet.outer = 0;
        kubelet.begun = now;
        ++count_[HEARTBEATS][CALLS];
        attempt_beat(now, i);
    }

    void attempt_beat(double now, u32 i) {
        Kubelet& kubelet = kubelets_[i];
        Server& server = servers_[kubelet.server];
        for (;;) {
            ++server.count[OFFERED];
            ++count_[HEARTBEATS][ATTEMPTS];
            if (server.mutating < s_.seats) {
                ++server.mutating;
                heap_.push(now + laws.work.draw(rng_), what(BEAT_DONE, i));
                return;
            }
            ++server.count[REJECTED];
            ++count_[HEARTBEATS][REFUSALS];
            if (++kubelet.inner < 10) {
                one_.push(now + 1.0, what(BEAT_AGAIN, i));
                return;
            }
            kubelet.inner = 0;
            if (++kubelet.outer >= 5) break;
        }
        ++count_[HEARTBEATS][FAILED];
        ten_.push(now + 10.0, what(BEAT, i));
    }

    void beat_done(double now, u32 i) {
        const Kubelet& kubelet = kubelets_[i];
        Server& server = servers_[kubelet.server];
        --server.mutating;
        ++server.count[ANSWERED];
        ++count_[HEARTBEATS][GOODPUT];
        count_[HEARTBEATS][SOJOURN] += micros(now - kubelet.begun);
        ten_.push(now + 10.0, what(BEAT, i));
    }

    // -- clients

    void begin_call(double now, u32 j) {
        clients_[j].begun = now;
        ++count_[APPS][CALLS];
        attempt(now, j);
    }

    void attempt(double now, u32 j) {
        const Client& client = clients_[j];
        Server& server = servers_[client.server];
        ++server.count[OFFERED];
        ++count_[APPS][ATTEMPTS];
        if (now < server.expiry[client.token]) {
            ++server.count[HITS];
            enter(now, j, server);
            return;
        }
        ++server.authenticating;
        look_up(now, client.server, j, false);
    }

    void enter(double now, u32 j, Server& server) {
        if (server.readonly >= 400) {
            ++server.count[REJECTED];
            ++count_[APPS][REFUSALS];
            one_.push(now + 1.0, what(CALL_AGAIN, j));
            return;
        }
        ++server.readonly;
        heap_.push(now + laws.work.draw(rng_), what(CALL_DONE, j));
    }

    void call_done(double now, u32 j) {
        const Client& client = clients_[j];
        Server& server = servers_[client.server];
        --server.readonly;
        ++server.count[ANSWERED];
        ++count_[APPS][GOODPUT];
        count_[APPS][SOJOURN] += micros(now - client.begun);
        if (j < s_.clients) later(now + 20.0 * laws.exponential(rng_), j);
    }

    // -- look-ups

    void look_up(double now, u32 place, u32 asker, bool of_review) {
        ++servers_[place].count[MISSES];
        const u32 index = lookups_.take();
        Lookup& lookup = lookups_.items[index];
        lookup = {asker, lookup.generation, place, of_review, true, false, false};
        thirty_.push(now + 30.0, what(LIMIT, index), lookup.generation);
        read(now, index);
    }

    void read(double now, u32 index) { reserve(now, lookups_.items[index].server, index); }

    void reserve(double now, u32 place, u32 index) {
        Server& server = servers_[place];
        const double at = server.bucket.reserve(now, 50.0, 100.0);
        if (at <= now) {
            start_read(now, server, index);
            return;
        }
        if (server.line.empty()) heap_.push(at, what(TOKEN, place));
        server.line.push(at, index);
    }

    void token(double now, u32 place) {
        Server& server = servers_[place];
        const u32 index = server.line.pop().what;
        if (!server.line.empty()) heap_.push(server.line.head_time(), what(TOKEN, place));
        start_read(now, server, index);
    }

    void start_read(double now, Server& server, u32 index) {
        ++server.count[READS];
        if (index != NOBODY) {
            heap_.push(now + laws.read.draw(rng_), what(READ_DONE, index));
        } else {  // of the trigger: a look-up of one read that nobody waits for
            ++server.count[LOOKUPS];
            ++server.count[DEAD_LOOKUPS];
        }
    }

    void read_done(double now, u32 index) {
        Lookup& lookup = lookups_.items[index];
        if (!lookup.second) {
            lookup.second = true;
            read(now, index);
            return;
        }
        const Lookup ended = lookup;
        ++lookup.generation;
        lookups_.give_back(index);
        Server& server = servers_[ended.server];
        ++server.count[LOOKUPS];
        if (!ended.waited) {
            --server.dead_work;
            ++server.count[DEAD_LOOKUPS];
        }
        if (ended.of_review) {
            server.expiry[s_.tokens] = now + 10.0;
            if (ended.waited) heap_.push(now + laws.review.draw(rng_), what(REVIEW_DONE, ended.asker));
            else ++server.count[WASTED];
            return;
        }
        server.expiry[clients_[ended.asker].token] = now + 10.0;
        if (!ended.late) --server.authenticating;
        if (ended.waited) {
            enter(now, ended.asker, server);
        } else if (server.readonly < 400) {  // nobody tells the handler that its client has gone
            ++server.readonly;
            heap_.push(now + laws.work.draw(rng_), what(DEAD_DONE, ended.server));
        }
    }

    void limit(const Timer timer) {
        const u32 index = timer.what & INDEX;
        Lookup& lookup = lookups_.items[index];
        if (lookup.generation != timer.generation) return;
        Server& server = servers_[lookup.server];
        if (timer.what >> 27 == OUTER_LIMIT) {
            lookup.late = true;
            --server.authenticating;
            ++server.count[TIMED_OUT];
            return;
        }
        lookup.waited = false;
        ++server.dead_work;
        if (lookup.of_review) {
            --server.mutating;
            ++server.count[TIMED_OUT];
            ++count_[TOKENREVIEWS][TIMEOUTS];
            outer(timer.t, lookup.asker);
            return;
        }
        ++count_[APPS][TIMEOUTS];
        one_.push(timer.t + 1.0, what(CALL_AGAIN, lookup.asker));
        thirty_.push(timer.t + 30.0, what(OUTER_LIMIT, index), timer.generation);
    }

    // -- samples

    static u64 micros(double seconds) { return static_cast<u64>(seconds * 1e6); }

    void sample(u32 b) {
        const double now = (b + 1) * s_.bin;
        if (now == 600.0) {
            for (u32 j = 0; j < s_.burst; ++j) heap_.push(now + rng_.uniform(), what(CALL, s_.clients + j));
            for (u32 place = 0; place < s_.servers; ++place) {
                for (u32 k = 0; k < s_.backlog; ++k) reserve(now, place, NOBODY);
            }
        }
        double* row = &server_rows[static_cast<std::size_t>(b) * s_.servers * (SERVER_COUNTS + SERVER_STATES)];
        for (Server& server : servers_) {
            for (u32 k = 0; k < SERVER_COUNTS; ++k) *row++ = static_cast<double>(server.count[k]);
            std::memset(server.count, 0, sizeof server.count);
            row[BACKLOG] = server.line.size();
            row[THROTTLE_WAIT] = std::max(0.0, server.bucket.tat - now);
            row[SEATS_MUTATING] = server.mutating;
            row[SEATS_READONLY] = server.readonly;
            row[AUTHENTICATING] = server.authenticating;
            row[FRESH_TOKENS] = static_cast<double>(
                std::count_if(server.expiry.begin(), server.expiry.end(), [now](double end) { return now < end; }));
            row[DEAD_WORK] = server.dead_work;
            row += SERVER_STATES;
        }
        double* counts = &client_rows[static_cast<std::size_t>(b) * POPULATIONS * CLIENT_COUNTS];
        for (u64(&population)[CLIENT_COUNTS] : count_) {
            for (u64 value : population) *counts++ = static_cast<double>(value);
        }
        std::memset(count_, 0, sizeof count_);
    }

    struct Thinker {
        double t;
        u32 next;
    };

    Setup s_;
    Xoshiro rng_;
    Heap heap_;
    Ring one_{1 << 12}, ten_{1 << 12}, thirty_{1 << 12};
    std::vector<Server> servers_;
    std::vector<Kubelet> kubelets_;
    std::vector<Client> clients_;
    Pool<Lookup> lookups_;
    Pool<Call> calls_;
    std::vector<Ask> round_;
    std::vector<double> scratch_;
    std::vector<u32> place_, wheel_;
    std::vector<Thinker> thinking_;
    u64 slot_ = 0;
    double slot_end_ = SLOT, spread_ = 0.0, next_round_ = 0.0;
    u32 asked_ = 0;
    u64 count_[POPULATIONS][CLIENT_COUNTS] = {};
};

double cpu_seconds() {
    timespec spec;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spec);
    return static_cast<double>(spec.tv_sec) + 1e-9 * static_cast<double>(spec.tv_nsec);
}

void print_run(const Setup& setup, const Storm& storm, double cpu_s) {
    std::printf("{\"seed\": %llu, \"cpu_s\": %.6f, \"events\": %llu, \"totals\": {", static_cast<unsigned long long>(setup.seed),
                cpu_s, static_cast<unsigned long long>(storm.events));
    const u32 width = SERVER_COUNTS + SERVER_STATES;
    for (u32 k = 0; k < SERVER_COUNTS; ++k) {
        double sum = 0.0;
        for (std::size_t i = k; i < storm.server_rows.size(); i += width) sum += storm.server_rows[i];
        std::printf("%s\"%s\": %.0f", k ? ", " : "", SERVER_NAMES[k], sum);
    }
    for (u32 p = 0; p < POPULATIONS; ++p) {
        for (u32 k = 0; k < CLIENT_COUNTS; ++k) {
            double sum = 0.0;
            for (std::size_t i = p * CLIENT_COUNTS + k; i < storm.client_rows.size(); i += POPULATIONS * CLIENT_COUNTS)
                sum += storm.client_rows[i];
            if (k == SOJOURN) sum *= 1e-6;
            std::printf(", \"%s.%s\": %.3f", POPULATION_NAMES[p], CLIENT_NAMES[k], sum);
        }
    }
    std::printf("}}\n");
}

}  // namespace

int main(int argc, char** argv) {
    Setup setup;
    u32 runs = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string key = argv[i];
        const double value = std::atof(argv[i + 1]);
        if (key == "--nodes") setup.nodes = static_cast<u32>(value);
        else if (key == "--servers") setup.servers = static_cast<u32>(value);
        else if (key == "--clients") setup.clients = static_cast<u32>(value);
        else if (key == "--tokens") setup.tokens = static_cast<u32>(value);
        else if (key == "--seats") setup.seats = static_cast<u32>(value);
        else if (key == "--burst") setup.burst = static_cast<u32>(value);
        else if (key == "--backlog") setup.backlog = static_cast<u32>(value);
        else if (key == "--horizon") setup.horizon = value;
        else if (key == "--seed") setup.seed = static_cast<u64>(value);
        else if (key == "--runs") runs = static_cast<u32>(value);
        else {
            std::fprintf(stderr, "unknown option %s\n", key.c_str());
            return 2;
        }
    }
    for (u32 r = 0; r < runs; ++r, ++setup.seed) {
        const double start = cpu_seconds();
        Storm storm(setup);
        storm.run();
        print_run(setup, storm, cpu_seconds() - start);
    }
    return 0;
}
