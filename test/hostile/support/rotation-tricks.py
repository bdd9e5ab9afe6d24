"""Asks without pause on kept connections, and does what appears as a file in the workspace."""
import http.client
import os
import ssl
import threading
import time

TOKEN = os.environ["API_TOKEN"]
API = "api.acme.example"
CONTEXT = ssl._create_unverified_context()


def ask(connection, path, headers=None):
    connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}", **(headers or {})})
    answer = connection.getresponse()
    return f"{answer.status} {answer.read().decode('latin1')}"


def load():
    connection = http.client.HTTPSConnection(API, context=CONTEXT)
    while not os.path.exists("stop"):
        try:
            ask(connection, "/load")
        except (OSError, http.client.HTTPException):
            connection.close()
            time.sleep(0.01)


def once(name, work):
    """Does it when `name` appears, and leaves what came of it beside."""
    while not os.path.exists("stop"):
        if os.path.exists(name):
            with open(name) as file:
                text = file.read()
            result = patient(work, text)
            os.remove(name)
            with open(f"{name}.part", "w", encoding="latin1") as file:
                file.write(result)
            os.rename(f"{name}.part", f"{name}.done")
        time.sleep(0.01)


def patient(work, text):
    """What is cut is tried again."""
    for _ in range(40):
        try:
            return work(text)
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
    return work(text)


def fresh(path, headers=None):
    return ask(http.client.HTTPSConnection(API, context=CONTEXT), path, headers)


def plain(path, headers=None):
    """Of a host that the box has no secret for; what came, where it broke off."""
    connection = http.client.HTTPSConnection("open.acme.example", context=CONTEXT)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    text = f"{answer.status} "
    try:
        while piece := answer.read1():
            text += piece.decode("latin1")
    except (OSError, http.client.HTTPException) as error:
        text += f" [{type(error).__name__}]"
    return text


threads = [threading.Thread(target=load) for _ in range(4)]
threads.append(threading.Thread(target=once, args=("slow", lambda _: fresh("/slow"))))
threads.append(threading.Thread(target=once, args=("feed", lambda _: fresh("/feed"))))
threads.append(threading.Thread(target=once, args=("say", lambda text: fresh("/say", {"X-Any": text}))))
threads.append(threading.Thread(target=once, args=("feed-open", lambda _: plain("/feed"))))
threads.append(threading.Thread(target=once, args=("other", lambda text: plain("/other", {"Authorization": f"Bearer {text}"}))))
threads.append(threading.Thread(target=once, args=("ask-open", lambda _: plain("/ask"))))
threads.append(threading.Thread(target=once, args=("ask", lambda _: fresh("/ask"))))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
