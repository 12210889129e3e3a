#!/usr/bin/env python3
"""Becomes a pcscd of its own: own socket, own reader configuration, readers on TCP ports of its own.

usage: private_pcscd.py FOLDER [PORT [PORT NAME]]

FOLDER/pcscd.comm is the socket; clients find it by PCSCLITE_CSOCK_NAME. With PORT there is one virtual
reader with two slots: a card is in slot 0 while somebody is connected to PORT, in slot 1 to PORT + 1.
Without PORT there is no reader; with NAME there is a second one of that name. The process turns into pcscd itself, so its id is that of the service.

The socket's path is compiled into pcscd. It can still be handed one the way systemd does it: listening,
as file descriptor 3, which must not close on exec, with LISTEN_FDS and LISTEN_PID naming it.
"""

import os
import shutil
import socket
import subprocess
import sys

DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
PCSCD = "/usr/sbin/pcscd"
PUBLIC_FOLDER = "/run/pcscd"


def main() -> None:
    folder = os.path.abspath(sys.argv[1])
    readers = os.path.join(folder, "readers")
    os.makedirs(readers, exist_ok=True)
    if len(sys.argv) > 2:
        write_reader(folder, readers, int(sys.argv[2]), "Virtual PCD")
    if len(sys.argv) > 4:
        write_reader(folder, readers, int(sys.argv[3]), sys.argv[4])
    # pcscd wants to write its pid file there, whatever socket it serves.
    os.makedirs(PUBLIC_FOLDER, exist_ok=True)
    hand_over(listen(os.path.join(folder, "pcscd.comm")))
    os.execv(PCSCD, [PCSCD, "--foreground", "--info", "--config", readers, *without_polkit()])


def without_polkit() -> list[str]:
    """Debian 13's pcscd asks polkit, which a test machine may not run; Debian 12's knows no such switch."""
    known = subprocess.run([PCSCD, "--help"], capture_output=True, text=True, check=False)
    switch = "--disable-polkit"
    return [switch] if switch in known.stdout + known.stderr else []


def write_reader(folder: str, readers: str, port: int, name: str) -> None:
    # The driver keeps its slots in a static array: every pcscd and every reader gets a copy of its own.
    driver = os.path.join(folder, f"libifdvpcd-{port}.so")
    shutil.copyfile(os.path.realpath(DRIVER), driver)
    with open(os.path.join(readers, f"virtual-{port}"), "w", encoding="ascii") as file:
        file.write(f'FRIENDLYNAME "{name}"\n')
        file.write(f"DEVICENAME /dev/null:{port:#06x}\n")
        file.write(f"LIBPATH {driver}\n")
        file.write(f"CHANNELID {port:#06x}\n")


def listen(path: str) -> socket.socket:
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(128)
    os.chmod(path, 0o666)
    return listener


def hand_over(listener: socket.socket) -> None:
    if listener.fileno() != 3:
        os.dup2(listener.fileno(), 3)
    # If it was 3 already, dup2 would have left the close-on-exec flag as it was.
    os.set_inheritable(3, True)
    os.environ["LISTEN_FDS"] = "1"
    os.environ["LISTEN_PID"] = str(os.getpid())
    listener.detach()


if __name__ == "__main__":
    main()
