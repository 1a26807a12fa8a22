"""What the proofs share: an EC2 emulator, and a root module with the provider installed."""

import shutil

import pytest
from emulator import client, emulator, initialise
from terraform import require_terraform


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
