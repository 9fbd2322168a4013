"""The program as a command, not as a node."""
import json
import os
import subprocess
import threading

from .node import clean_environment
from .patience import PATIENCE, wait_until
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


class Running:
    """The program while it runs: what it writes is collected as it comes, a line at a time."""

    def __init__(self, *words, keep_stdin=False, out=subprocess.PIPE):
        self.process = subprocess.Popen([str(find_program()), *words],
                                        stdin=subprocess.PIPE if keep_stdin else subprocess.DEVNULL,
                                        stdout=out, stderr=subprocess.PIPE, text=True,
                                        bufsize=1, env=clean_environment())
        if out != subprocess.PIPE:
            os.close(out)
        self.out, self.err = [], []
        self.readers = [threading.Thread(target=self._read, args=(pipe, lines), daemon=True)
                        for pipe, lines in ((self.process.stdout, self.out),
                                            (self.process.stderr, self.err)) if pipe]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(pipe, lines):
        for line in pipe:
            lines.append(line.rstrip("\n"))

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_err(self, text):
        """Until a line on stderr has `text`."""
        wait_until(lambda: any(text in line for line in self.err) or self.process.poll() is not None,
                   f"{text!r} on stderr")
        wait_until(lambda: any(text in line for line in self.err), f"{text!r} in {self.err}")
        return self

    def wait_out(self, count):
        """The first `count` lines of stdout, as JSON."""
        wait_until(lambda: len(self.out) >= count or self.process.poll() is not None,
                   f"{count} lines on stdout")
        wait_until(lambda: len(self.out) >= count,
                   f"{count} lines in {self.out}; on stderr: {self.err}")
        return [json.loads(line) for line in self.out[:count]]

    def end(self, signal_number=None):
        """The exit status, and all of both outputs is there."""
        if signal_number is not None and self.process.poll() is None:
            self.process.send_signal(signal_number)
        if self.process.stdin is not None:
            self.process.stdin.close()
        status = self.process.wait(timeout=2 * PATIENCE)
        for reader in self.readers:
            reader.join(PATIENCE)
        return status

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.process.kill()
        self.end()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def curl(*words, text=None):
    """curl, quiet; the status comes as the last line of stdout."""
    return subprocess.run(["curl", "-sS", "-m", str(int(PATIENCE)), "-w", "\n%{http_code}", *words],
                          input=text, capture_output=True, text=True, check=False)


def curl_parts(done):
    """What curl() printed: (status, body)."""
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body
