"""A PostgreSQL of a test's own: started, stopped, killed, frozen, copied to a standby, promoted.

It listens on a socket in a temporary directory alone. PostgreSQL refuses to be root, so its
processes are the user postgres's, or nobody's.
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from . import processes
from .patience import PATIENCE, wait_until

MISSING = "PostgreSQL is not installed (apt-get install postgresql)"


def programs():
    """Where initdb and its like are, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def unprivileged():
    """The user that the server runs as, and what starts a command as him."""
    if os.geteuid() != 0:
        return None, []
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return user, ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


class Postgres:
    """One server; `dir` is its socket's directory and the host in URLs."""

    def __init__(self, primary=None, fsync=False):
        self.bin = programs()
        self.user, self.prefix = unprivileged()
        self.dir = Path(tempfile.mkdtemp(prefix="postern-postgres-", dir="/tmp"))
        if self.user:
            os.chown(self.dir, self.user.pw_uid, self.user.pw_gid)
        self.data = self.dir / "data"
        self.log = self.dir / "log"
        self.port = None
        self.options = []
        self.process = None
        self.fsync = "on" if fsync else "off"
        if primary is None:
            self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                      "--locale=C.UTF-8", "--no-sync")
        else:
            self._run("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast",
                      "--no-sync", "-d", f"host={primary.dir} user=postgres")

    def _run(self, program, *arguments):
        done = subprocess.run([*self.prefix, str(self.bin / program), *map(str, arguments)],
                              cwd=self.dir, capture_output=True, text=True, timeout=3 * PATIENCE)
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
        return done.stdout

    # --- life ---------------------------------------------------------------------------------

    def start(self):
        """After a kill -9 what is left of the last one may still hold its memory: tried again."""
        wait_until(self._try_start, "a PostgreSQL that starts", step=0.1)
        return self

    def _try_start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, str(self.bin / "postgres"), "-D", str(self.data), "-k",
                 str(self.dir), "-c", "listen_addresses=", "-c", f"fsync={self.fsync}",
                 *self.options],
                cwd=self.dir, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: self.process.poll() is not None or self.answers(),
                   "an answer of PostgreSQL")
        return self.process.poll() is None

    def answers(self):
        return subprocess.run([str(self.bin / "pg_isready"), "-q", "-h", str(self.dir), "-p",
                               str(self.port or 5432)], check=False).returncode == 0

    def stop(self):
        """A fast shutdown: sessions are ended."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=2 * PATIENCE)
            self.process = None

    def pids(self):
        """Of the server and all its children, which are sessions of their own."""
        mine = self.process.pid
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == mine:
                found.append(int(stat.parent.name))
        return [mine, *found]

    def kill(self):
        """kill -9 of all of it."""
        self.freeze()
        processes.kill(self.pids())
        self.process.wait()
        self.process = None

    def freeze(self):
        """It still accepts, and never answers."""
        processes.freeze([self.process.pid])  # so that it has no child more
        processes.freeze(self.pids())

    def thaw(self):
        processes.thaw(self.pids())

    def use_tls(self, key, certificate):
        """From the next start on, at a port of 127.0.0.1 besides."""
        for source, name in ((key, "server.key"), (certificate, "server.crt")):
            target = self.data / name
            target.write_bytes(source.read_bytes())
            target.chmod(0o600)
            if self.user:
                os.chown(target, self.user.pw_uid, self.user.pw_gid)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.options = ["-c", "ssl=on", "-c", "listen_addresses=127.0.0.1", "-c",
                        f"port={self.port}"]

    def promote(self):
        self._run("pg_ctl", "promote", "-D", self.data, "-w")

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        if self.process is not None:
            self.thaw()
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- talking to it ------------------------------------------------------------------------

    def sql(self, text, database="postgres"):
        done = subprocess.run(
            [str(self.bin / "psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h",
             str(self.dir), "-p", str(self.port or 5432), "-U", "postgres", "-d", database, "-c",
             text],
            capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def program(self, name, *arguments, given=None, text=True):
        """What one of PostgreSQL's own programs says of this server."""
        done = subprocess.run([str(self.bin / name), *arguments], input=given, text=text,
                              capture_output=True, timeout=2 * PATIENCE,
                              env={**os.environ, "PGHOST": str(self.dir)})
        assert done.returncode == 0, done.stderr
        return done.stdout

    def url(self, database="postgres", user="postgres"):
        return f"postgresql://{user}@/{database}?host={self.dir}"

    def new_database(self, name):
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)


class Relay:
    """TCP before a server's socket. It may swallow what is said after some bytes have passed, and cut
    what is connected."""

    def __init__(self, server):
        self.target = str(server.dir / ".s.PGSQL.5432")
        self.fatal = None  # bytes of a client; the server gets them, and nobody the answer
        self.cuts = 0
        self.swap = None  # bytes of a client, and as what they arrive
        self.open = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, database="postgres"):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self.target)
            self.open.add(client)
            back = threading.Thread(target=self._back, args=(server, client), daemon=True)
            back.start()
            while chunk := _receive(client):
                fatal = self.fatal is not None and self.fatal in chunk
                if fatal:
                    self.fatal = None
                    self.cuts += 1
                    client.shutdown(socket.SHUT_RDWR)  # nothing goes back any more
                server.sendall(chunk.replace(*self.swap) if self.swap else chunk)
            self.open.discard(client)
            server.shutdown(socket.SHUT_WR)
            back.join()

    def cut(self):
        """Ends what is connected; who comes again is let through. How many there were."""
        cut = list(self.open)
        for client in cut:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                cut.remove(client)
        self.cuts += len(cut)
        return len(cut)

    @staticmethod
    def _back(server, client):
        try:
            while chunk := _receive(server):
                client.sendall(chunk)
            client.shutdown(socket.SHUT_RDWR)
        except OSError:
            while _receive(server):
                pass

    def close(self):
        self.listener.close()


def _receive(end):
    try:
        return end.recv(65536)
    except OSError:
        return b""
