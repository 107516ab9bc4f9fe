"""What an audit webhook is sent to: it keeps lists of audit events, one a line, in a file that is read as evidence."""

from pathlib import Path

import msgspec

from snowpit.lab.api.status import bad_request, failure
from snowpit.lab.clock import Clock
from snowpit.lab.evidence.audit import RotatedLog
from snowpit.lab.wire import Request, Response

ADDRESS = "127.15.0.1:9443"
FOLDER, FILE = "audit-webhook", "audit.json"
_JSON = {"Content-Type": "application/json"}
_TAKEN = b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}\n'


class Collector:
    """The collector; ``close`` it at the end.

    Args:
        folder: The lab's folder.
        clock: The lab's clock.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        place = folder / FOLDER
        place.mkdir(parents=True, exist_ok=True)
        self._log = RotatedLog(place / FILE, clock)
        self.events = 0

    async def handle(self, request: Request) -> Response:
        """Take a batch."""
        if request.method != "POST":
            return failure(405, "MethodNotAllowed", "batches are posted")
        try:
            found = msgspec.json.decode(request.body, type=dict)
        except msgspec.DecodeError:
            return bad_request("the batch is no JSON object")
        items = found.get("items")
        if found.get("kind") != "EventList" or not isinstance(items, list):
            return bad_request("the batch is no EventList")
        self._log.write(msgspec.json.encode(found) + b"\n")
        self._log.flush()
        self.events += len(items)
        return Response(200, _JSON, _TAKEN)

    def close(self) -> None:
        """Close the file."""
        self._log.close()
