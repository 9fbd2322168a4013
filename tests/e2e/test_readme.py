"""The example of the README does what the README says, word for word."""
import contextlib
import os
import re
import subprocess

import pytest

from support.cli import environment_for
from support.node import PASSWORD
from support.patience import wait_until
from support.places import E2E, ROOT, find_program

BLOCK = re.compile(r"^```(python|js|yaml|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@contextlib.contextmanager
def running(words, home, out):
    """A service in the background, ended by its own process id."""
    environment = dict(os.environ, NODE_PATH=str(E2E / "node_modules"))
    with open(out, "wb") as output:
        process = subprocess.Popen(words, cwd=home, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=output, env=environment)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def example(node, tmp_path):
    """The blocks as files, with this node's addresses; the commands as a list."""
    blocks = dict(BLOCK.findall((ROOT / "README.md").read_text()))
    assert sum(text.count("\n") for text in blocks.values()) <= 25
    for language, text in blocks.items():
        text = text.replace("127.0.0.1:18080", node.gateway).replace("127.0.0.1:18081", node.admin)
        blocks[language] = text.replace("build/release/postern", str(find_program()))
    for language, name in (("python", "mine.py"), ("js", "mine.js"), ("yaml", "mine.yaml")):
        (tmp_path / name).write_text(blocks[language])
    return tmp_path, blocks["sh"].splitlines()


def test_the_readers_own_services_answer_his_own_curl(node, example):
    home, commands = example
    assert commands[0].startswith("export POSTERN_PASSWORD=")
    assert commands[2] == "python3 mine.py & node mine.js &"

    def run(command):
        return subprocess.run(["bash", "-c", command.replace("curl ", "curl -sS ", 1)], cwd=home,
                              env=environment_for(node), capture_output=True, text=True, timeout=60)

    created = run(commands[1])
    assert created.returncode == 0, created.stderr
    with running(["/usr/bin/python3", "mine.py"], home, home / "py.out"), \
            running(["node", "mine.js"], home, home / "js.out"):
        published = run(commands[3])
        assert '"version":1' in published.stdout, published.stdout + published.stderr
        wait_until(lambda: "Hello Ada" in run(commands[4]).stdout, "an answer of mine.py")
        wait_until(lambda: "HELLO" in run(commands[5]).stdout, "an answer of mine.js")
    assert PASSWORD not in node.log_text()
