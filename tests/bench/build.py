"""Builds what a bench runs: the release, the small programs beside it, and parts of the program."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TOOLS = os.path.join(ROOT, "build", "bench")
RELEASE = os.path.join(ROOT, "build", "release")
PROGRAMS = ("callee", "backend", "relay", "wampload", "openload", "crowd", "burst", "tokenload")
SHARED = ("wire", "message", "websocket", "tally")


def tools():
    """The folder of the programs that need nothing of the product."""
    os.makedirs(TOOLS, exist_ok=True)
    shared = [f"{HERE}/{name}.c" for name in SHARED]
    small = ["-DWIRE_SIZE=16384", "-DPEERS_MAX=10240"]  # a relay for many peers
    for name, source, more in [(name, name, []) for name in PROGRAMS] + [
            ("relay-many", "relay", small)]:
        subprocess.run(["cc", "-O2", "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", *more,
                        "-o", f"{TOOLS}/{name}", f"{HERE}/{source}.c", *shared], check=True)
    return TOOLS


def release(target="postern", folder="", out=sys.stderr):
    for command in (["cmake", "--preset", "release", "--log-level=WARNING"],
                    ["cmake", "--build", "--preset", "release", "--target", target,
                     "--", "--quiet"]):
        subprocess.run(command, cwd=ROOT, check=True, stdout=out, stderr=out)
    return os.path.join(RELEASE, folder, target)
