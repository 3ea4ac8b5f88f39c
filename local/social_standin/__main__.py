"""``python -m local.social_standin --port N --folder DIR``: serve the simulated platforms."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from local.social_standin.app import make_app


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m local.social_standin")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where the posts are kept")
    parser.add_argument(
        "--day-seconds", type=float, default=86_400.0, help="how long a day of growth lasts"
    )
    given = parser.parse_args()
    app = make_app(given.folder, f"http://127.0.0.1:{given.port}", given.day_seconds)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
