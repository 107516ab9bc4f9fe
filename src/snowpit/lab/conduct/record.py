"""The record of a lab: what was done to it and when, one JSON object a line, written at once."""

import json
from pathlib import Path

from snowpit.cluster.scenario import Event
from snowpit.lab.clock import Clock, moment
from snowpit.model.sample import Marker

FILE = "record.jsonl"


class Record:
    """What was done.

    Args:
        folder: Folder of the lab; null keeps the record in memory only.
        clock: The lab's clock.
    """

    def __init__(self, folder: Path | None, clock: Clock) -> None:
        self._path = None if folder is None else folder / FILE
        self._clock = clock
        self.markers: list[Marker] = []

    def done(self, event: Event) -> None:
        """Note an event that has just been carried out."""
        title = event.title or words(event)
        self.markers.append(Marker(at_s=self._clock.now(), title=title, trigger=event.trigger))
        settings = {key: value for key, value in event.settings.items() if value != ""}
        self.note(event.action, title=title, trigger=event.trigger, settings=settings)

    def note(self, action: str, **more: object) -> None:
        """Write one line."""
        if self._path is None:
            return
        instant = moment(self._clock.stamp()).isoformat().replace("+00:00", "Z")
        line = {"time": instant, "at_s": round(self._clock.now(), 6), "action": action, **more}
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def words(event: Event) -> str:
    """An event in a few words.

    >>> words(Event(at_s=0.0, action="set", settings={"key": "kubelets.count", "value": 5}))
    'set kubelets.count = 5'
    """
    given = event.settings
    if event.action == "set":
        return f"set {given.get('key')} = {given.get('value')}"
    told = [f"{name.removesuffix('_s')} {value}" for name, value in given.items()]
    return " ".join([event.action, *told])
