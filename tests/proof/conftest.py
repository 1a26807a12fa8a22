"""What the proofs share: they are slow, and use an EC2 emulator and a root module for it."""

import shutil
from pathlib import Path

import pytest
from emulator import client, emulator, initialise
from terraform import require_terraform

# The emulator's server and its clients are full of these.
NOISE = ("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.hookimpl(tryfirst=True)  # before the slow ones are left out
def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.slow)
            for warning in NOISE:
                item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture(scope="session")
def server():
    with emulator() as address:
        yield address


@pytest.fixture(scope="session")
def ec2(server):
    return client(server)


@pytest.fixture(scope="session")
def ready(server, tmp_path_factory):
    require_terraform()
    folder = tmp_path_factory.mktemp("ready")
    initialise(folder, server)
    return folder


@pytest.fixture
def folder(ready, tmp_path):
    """A root module for the emulator."""
    return shutil.copytree(ready, tmp_path / "root", symlinks=True)
