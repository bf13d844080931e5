"""A PostgreSQL of its own for the live tests, from the binaries of the system's packages."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.processes.tcp_ports import free_port
from tests.live.running import absent, wait_for

_STOP_S = 10.0


@contextmanager
def running_postgres() -> Iterator[str]:
    """Make a cluster in a folder of its own, start it, yield its URL, end it and remove it."""
    binaries = _binaries()
    # Not pytest's folder: only its owner may enter that, and PostgreSQL refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="handshake-pg-"))
    user = _other_than_root(folder)
    data, port = folder / "data", free_port()
    try:
        initdb = [str(binaries / "initdb"), "--pgdata", str(data), "--username", "postgres"]
        initdb += ["--auth", "trust", "--encoding", "UTF8", "--no-locale"]
        subprocess.run(initdb, cwd=folder, check=True, capture_output=True, **user)
        argv = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
        argv += ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log, **user)
        try:
            url = f"postgresql+pg8000://postgres@127.0.0.1:{port}/postgres"
            wait_for("PostgreSQL", lambda: _answers(url), 30)
            yield url
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path:
    """The folder of `initdb` and `postgres`; Debian keeps it off the PATH."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    of_system = Path("/usr/lib/postgresql").glob("*/bin")
    found += sorted(of_system, key=lambda bin_: float(bin_.parent.name), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    absent("no PostgreSQL server here (apt-get install postgresql)")
    raise AssertionError


def _other_than_root(folder: Path) -> dict[str, Any]:
    """As whom to run it: as we are, or, for root, as the user that the package made."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        shutil.rmtree(folder)
        absent("PostgreSQL does not run as root, and there is no user postgres")
        raise
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # "fast": it ends every connection
    try:
        server.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(_STOP_S)


def _answers(url: str) -> bool:
    try:
        execute(url, "SELECT 1")
    except sa.exc.DBAPIError:
        return False
    return True


def execute(url: str, statement: str, **values: Any) -> Any:
    """One statement on a connection of its own, outside of any transaction; its first value."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        result = connection.execute(sa.text(statement), values)
        return result.scalar() if result.returns_rows else None


def new_database(url: str, name: str) -> str:
    """Make an empty database on this server; returns its URL."""
    execute(url, f"CREATE DATABASE {name}")
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


def end_connections(url: str) -> int:
    """End all others' connections to this database, as an operator would; returns how many."""
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    query = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {others}"  # noqa: S608
    return int(execute(url, query))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One server for the whole session."""
    with running_postgres() as url:
        yield url
