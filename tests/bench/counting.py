"""Counts that no busy machine blurs: system calls by strace, instructions by callgrind."""
import os
import re
import signal
import subprocess
import time

from machine import Failed

CALLGRIND = ("valgrind", "--tool=callgrind", "--fair-sched=yes", "--callgrind-out-file=callgrind")


class Syscalls:
    """with Syscalls(process, folder) as counts: ...; afterwards counts[name] is how many of them
    its threads made meanwhile."""

    def __init__(self, process, folder):
        self.process, self.path, self.counts = process, os.path.join(folder, "strace"), {}

    def traced(self):
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/status", encoding="ascii") as status:
                if re.search(r"^TracerPid:\s*0$", status.read(), re.M):
                    return False
        return True

    def __enter__(self):
        self.child = subprocess.Popen(["strace", "-c", "-f", "-p", str(self.process.pid),
                                       "-o", self.path], stderr=subprocess.DEVNULL)
        for _ in range(250):
            if self.traced():
                return self.counts
            if self.child.poll() is not None:
                break
            time.sleep(0.02)
        self.child.kill()
        raise Failed("strace may not trace the gateway")

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGINT)
        self.child.wait(20)
        with open(self.path, encoding="ascii", errors="replace") as table:
            for line in table:
                words = line.split()
                # % time, seconds, usecs/call, calls, [errors], syscall
                if len(words) >= 5 and words[3].isdigit() and words[-1] != "total":
                    self.counts[words[-1]] = int(words[3])


class Callgrind:
    """Instructions of a side that was started with CALLGRIND before its program."""

    def __init__(self, side):
        self.side, self.dumps = side, 0

    def each(self, load, seconds):
        """Of one operation of `load`, a function of seconds, without what joining takes."""
        self.read()
        load(0)
        joining = self.read()
        ops = load(seconds)["ops"]
        return (self.read() - joining) / ops

    def read(self):
        """Instructions since the last time."""
        done = subprocess.run(["callgrind_control", "-d", str(self.side.gateway.pid)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False)
        self.dumps += 1
        path = os.path.join(self.side.folder, f"callgrind.{self.dumps}")
        for _ in range(250):
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as dump:
                    found = re.search(r"^(?:totals|summary): (\d+)", dump.read(), re.M)
                if found:
                    return int(found[1])
            time.sleep(0.02)
        raise Failed(f"callgrind does not dump: {done.stdout}")
