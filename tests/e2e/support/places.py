"""Where things are."""
import os
from pathlib import Path

E2E = Path(__file__).resolve().parent.parent
ROOT = E2E.parent.parent


def find_program() -> Path:
    """The program under test: POSTERN_BIN, else what the presets build."""
    named = os.environ.get("POSTERN_BIN")
    candidates = [Path(named)] if named else [
        ROOT / "build" / preset / "postern" for preset in ("dev", "release")
    ]
    for path in candidates:
        if path.is_file():
            return path.resolve()
    raise FileNotFoundError(f"no program at {' or '.join(map(str, candidates))}: ./dev build dev")
