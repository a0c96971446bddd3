# SPDX-License-Identifier: MIT
# Runs a command on a terminal of its own: terminal.py COLUMNS COMMAND... prints
# what it writes, a line for each that is written over too, without escapes; 1
# where one is wider than the terminal.
import fcntl
import os
import pty
import re
import struct
import sys
import termios

width, command = int(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if not pid:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    os.execvp(command[0], command)
text = b""
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError: # its other end is closed
        break
    if not part:
        break
    text += part
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
lines = re.sub("\x1b\\[K", "", text.decode()).replace("\r", "\n").split("\n")
print("\n".join(line for line in lines if line))
wide = [line for line in lines if "rows/s" in line and len(line) >= width]
sys.exit(code or len(wide) > 0)
