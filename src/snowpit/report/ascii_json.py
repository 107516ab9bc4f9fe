"""JSON text for machines that a terminal can show safely; it loads nothing heavy."""

import json


def dumps(value: object) -> str:
    """JSON text in which every character outside ASCII, and every control character, is escaped."""
    return json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False).replace("\x7f", "\\u007f") + "\n"
