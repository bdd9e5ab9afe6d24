"""Sends a request that is not answered, and stays. Says on the file `state` what became of it."""
import threading
import tricks
from tricks import *


def say(text):
    with open("state", "a") as state:
        state.write(text + "\n")


def beat():
    while True:
        with open("beat", "w") as file:
            file.write(str(time.time()))
        time.sleep(0.05)


threading.Thread(target=beat, daemon=True).start()
if os.fork() == 0:
    os.setsid()
    time.sleep(120)
    os._exit(0)
for _ in range(3):
    ask("/ordinary")
say("asking")
answer = ask("/hang")
say(f"answered {len(answer)} {answer[:60]!r}")
for attempt in range(40):
    try:
        answer = ask("/after")
        say(f"after {len(answer)} {answer[:60]!r}")
    except OSError as error:
        say(f"after {type(error).__name__}")
    time.sleep(0.1)
time.sleep(120)
