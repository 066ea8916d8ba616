"""Processes that answer requests: ours and the peers'."""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


class Gone(Exception):
    """A process ended, or said that something is wrong."""


class Worker:
    """A process with a name that takes a line and answers with one."""

    def __init__(self, name, command, work):
        self.name = name
        environment = os.environ | {
            "JAX_PLATFORMS": "cpu",
            "TORCHINDUCTOR_CACHE_DIR": str(work / "inductor"),
        }
        self.log = open(work / f"{name}.log", "a")
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env=environment,
            cwd=HERE,
        )

    def ask(self, *words):
        try:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Gone(f"{self.name} has ended") from error
        answer = self.process.stdout.readline().strip()
        if not answer or answer.startswith("error"):
            raise Gone(f"{self.name}: {answer or 'ended'}, asked {words}; see {self.log.name}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.log.close()


def build():
    """Builds our side in release; the path of the program."""
    command = ["cargo", "build", "--profile", "bench", "-p", "loss-dsl", "--bench", "peers", "--message-format=json"]
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    messages = map(json.loads, output.splitlines())
    programs = [m["executable"] for m in messages if m.get("target", {}).get("name") == "peers" and m.get("executable")]
    return programs[-1]


class Workers:
    """Starts processes of each side."""

    def __init__(self, program, work):
        self.program, self.work = program, work

    def start(self, name):
        command = [self.program] if name == "ours" else [sys.executable, str(HERE / "peer.py"), name]
        return Worker(name, command, self.work)

    def once(self, name, *words):
        """One request to a process of its own."""
        worker = self.start(name)
        try:
            return worker.ask(*words)
        finally:
            worker.close()
