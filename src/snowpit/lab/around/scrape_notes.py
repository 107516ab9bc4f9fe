"""What metrics-server writes and counts of its scrapes, in the words of its release; other scrapers write nothing.

Source: kubernetes-sigs/metrics-server pkg/{manager,sources} 0.3.1 and 0.3.6, pkg/scraper and pkg/server 0.4.2 to 0.8.0.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple

from snowpit.lab.around.component_log import ComponentLog, quoted, structured
from snowpit.lab.evidence.metrics.bounds import TOKEN_CACHE
from snowpit.lab.evidence.metrics.exposition import Families

LATE = "context deadline exceeded"
Release = tuple[int, ...]


class Scrape(NamedTuple):
    """One scrape.

    Args:
        node: Name of the node.
        address: Its kubelet's.
        path: What was asked for.
        status: Status of the answer; 0 if none came.
        body: The answer, where it was a refusal.
        late: Whether the scraper gave up waiting.
        seconds: What it took.
    """

    node: str
    address: str
    path: str
    status: int
    body: str
    late: bool
    seconds: float

    @property
    def good(self) -> bool:
        """Whether it worked."""
        return self.status == HTTPStatus.OK


def parts(release: str) -> Release:
    """A release in numbers.

    >>> parts("0.3.1")
    (0, 3, 1)
    """
    return tuple(int(part) for part in release.split("."))


class ScrapeNotes:
    """Log and counts.

    Args:
        release: Release of metrics-server.
        log: Its log.
        families: Where it counts.
        timeout_s: How long it waits for a kubelet, as its log tells it.
    """

    def __init__(self, release: str, log: ComponentLog, families: Families, *, timeout_s: float) -> None:
        self._release, self._log, self._families = parts(release), log, families
        self._timeout = f"{timeout_s:g}s"
        self._old = self._release < (0, 4)
        self.flush = log.flush
        self.text = families.text

    def scraped(self, one: Scrape, now: float) -> None:
        """Count a scrape, and write of it where the release does so at once.

        Args:
            one: The scrape.
            now: s since the epoch.
        """
        success = (("success", "true" if one.good else "false"),)
        node = (("node", one.node),)
        if self._old:
            self._families.count("metrics_server_kubelet_summary_scrapes_total", success)
            name = "metrics_server_kubelet_summary_request_duration_seconds"
            source = (("source", f"kubelet_summary:{one.node}"),)
            self._families.set("metrics_server_scraper_last_time_seconds", float(int(now)), source)
        else:
            self._families.count("metrics_server_kubelet_request_total", success)
            name = "metrics_server_kubelet_request_duration_seconds"
            self._families.set("metrics_server_kubelet_last_request_time_seconds", float(int(now)), node)
        self._families.observe(name, one.seconds, TOKEN_CACHE, node)
        if not one.good and self._release >= (0, 5):
            self._failed(one)

    def finished(self, scrapes: Sequence[Scrape], seconds: float) -> None:
        """A round is over; before 0.5 all its failures stand in one line."""
        self._families.observe("metrics_server_manager_tick_duration_seconds", seconds, TOKEN_CACHE)
        failed = [one for one in scrapes if not one.good]
        if not failed or self._release >= (0, 5):
            return
        told = [self._whole(one) for one in failed]
        listed = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
        if self._old:
            self._log.line("E", "manager.go:111", f"unable to fully collect metrics: {listed}")
        else:
            self._log.line("E", "server.go:132", f"unable to fully scrape metrics: {listed}")

    def _whole(self, one: Scrape) -> str:
        """A failure within the line of a round."""
        if self._old:
            host = one.address.rpartition(":")[0]
            fetch = f"unable to fetch metrics from Kubelet {one.node} ({host}): {self._why(one)}"
            return f"unable to fully scrape metrics from source kubelet_summary:{one.node}: {fetch}"
        fetch = f"unable to fetch metrics from node {one.node}: {self._why(one)}"
        return f"unable to fully scrape metrics from node {one.node}: {fetch}"

    def _failed(self, one: Scrape) -> None:
        why = self._why(one)
        if one.late and self._release >= (0, 7):
            text = "Failed to scrape node, timeout to access kubelet"
            told = structured(text, error=why, node=one.node, timeout=self._timeout)
        else:
            told = structured("Failed to scrape node", error=why, node=one.node)
        self._log.line("E", "scraper.go:140", told)

    def _why(self, one: Scrape) -> str:
        url = f"https://{one.address}{self._target(one.path)}"
        if not one.status:
            shown = url if self._old else quoted(url)
            return (
                f"Get {shown}: {LATE if one.late else f'dial tcp {one.address}: connect: connection refused'}"
            )
        status = quoted(f"{one.status} {HTTPStatus(one.status).phrase}")
        if self._old:
            return f"request failed - {status}, response: {quoted(one.body)}"
        if self._release < (0, 5):
            return f"request failed - {status}."
        if self._release < (0, 6):
            return f"GET {quoted(url)}: bad status code {status}"
        return f"request failed, status: {status}"

    def _target(self, path: str) -> str:
        if path != "/stats/summary":
            return path
        return "/stats/summary/" if self._release < (0, 3, 7) else "/stats/summary?only_cpu_and_memory=true"
