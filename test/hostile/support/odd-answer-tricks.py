"""Asks for answers whose status lines no honest server sends, over both protocols."""
from h2frames import *

for each in ["euro", "latin", "nul", "bell", "status_000", "status_099", "unasked_101", "fine"]:
    TRICKS[f"{each}_http1"] = lambda name=each: ask(f"/{name}", auth=False)
    TRICKS[f"{each}_http2"] = lambda name=each: once(head(f"/{name}", auth=False))
main()
