"""What the kernel says about processes: CPU spent, memory held; and how they are started.

Everything started here dies with the bench, runs on the core it is told, and is ended by its pid.
"""
import ctypes
import os
import resource
import signal
import subprocess
import time

GATEWAY_CORE, LOAD_CORE = 0, 1
TICK = os.sysconf("SC_CLK_TCK")
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """The bench cannot go on; the text says why."""


def on_core(core):
    def before_exec():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.sched_setaffinity(0, {core})
    return before_exec


class Process:
    """A server or a peer that runs until it is stopped."""

    def __init__(self, name, argv, core, folder, env=None):
        self.name = name
        self.log = open(os.path.join(folder, name + ".log"), "w+b")
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.log,
                                      stderr=subprocess.STDOUT, preexec_fn=on_core(core),
                                      cwd=folder, env={**os.environ, **(env or {})})
        self.pid = self.child.pid

    def said(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_line(self, fits, seconds=60):
        """The first line of its output that `fits`, complete."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            ended = self.child.poll() is not None
            for line in self.said().splitlines(keepends=True):
                if line.endswith("\n") and fits(line):
                    return line.strip()
            if ended:
                break
            time.sleep(0.02)
        raise Failed(f"{self.name} did not get ready:\n{self.said()[-2000:]}")

    def cpu_by_thread(self):
        """Seconds of CPU of each of its threads."""
        spent = {}
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/schedstat", encoding="ascii") as stat:
                spent[task] = int(stat.read().split()[0]) / 1e9
        return spent

    def cpu(self):
        return sum(self.cpu_by_thread().values())

    def user_cpu(self):
        """Seconds of it in user space, to a tick or so."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            return int(stat.read().rsplit(")", 1)[1].split()[11]) / TICK

    def rss_kib(self):
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * PAGE_KIB

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.log.close()


def run_load(argv, seconds):
    """Runs a load generator to its end; what it printed."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=seconds + 20, preexec_fn=on_core(LOAD_CORE), check=False)
    if done.returncode != 0:
        raise Failed(f"{argv[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def busy_seconds():
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system, _idle, _wait, irq, softirq = map(int, stat.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / TICK


def own_seconds():
    """CPU of this process and of the children that it has waited for."""
    own, children = (resource.getrusage(who)
                     for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


class Meter:
    """CPU between start and stop: of each process, and of programs that are not ours (in cores)."""

    def __init__(self, *processes):
        self.processes = processes
        self.before = [process.cpu() for process in processes]
        self.began = time.monotonic()
        self.busy = busy_seconds() - own_seconds()

    def read(self):
        took = time.monotonic() - self.began
        spent = [process.cpu() - before
                 for process, before in zip(self.processes, self.before)]
        foreign = busy_seconds() - own_seconds() - self.busy - sum(spent)
        return spent, max(0.0, foreign / took)


def raise_open_files(wanted=0):
    """As many as may be, for us and all that we start; beyond the hard limit only root may."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(hard, wanted), max(hard, wanted)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def meminfo_kib():
    """What the kernel says of its memory, by name."""
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        return {line.split(":")[0]: int(line.split()[1]) for line in meminfo}


def kernel_kib():
    """What the kernel holds for itself: slabs, and the buffers of sockets."""
    with open("/proc/net/sockstat", encoding="ascii") as stat:
        pages = next(int(line.split()[-1]) for line in stat if line.startswith("TCP:"))
    return meminfo_kib()["Slab"] + pages * PAGE_KIB


def describe():
    """One line about the machine."""
    model = "unknown CPU"
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        gib = int(meminfo.readline().split()[1]) / 2**20
    return f"{model}, {os.cpu_count()} cores, {gib:.0f} GiB, Linux {os.uname().release}"
