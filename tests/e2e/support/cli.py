"""The program as a command, not as a node."""
import subprocess

from .node import clean_environment
from .patience import PATIENCE
from .places import find_program


def environment_for(node):
    if node is None:
        return clean_environment()
    return clean_environment(POSTERN_URL=f"http://{node.admin}", POSTERN_PASSWORD=node.password)


def postern(*words, node=None, text=None):
    """Runs the program to its end; admin commands know where `node` is."""
    return subprocess.run([str(find_program()), *words], input=text, capture_output=True,
                          text=True, timeout=2 * PATIENCE, env=environment_for(node), check=False)


def postern_start(*words, node=None):
    """Starts the program and lets it run; its output is read through pipes."""
    return subprocess.Popen([str(find_program()), *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=environment_for(node))


def curl(*words, text=None):
    """curl, quiet; the status comes as the last line of stdout."""
    return subprocess.run(["curl", "-sS", "-m", str(int(PATIENCE)), "-w", "\n%{http_code}", *words],
                          input=text, capture_output=True, text=True, check=False)


def curl_parts(done):
    """What curl() printed: (status, body)."""
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body
