"""The program `muster`, which is `python -m bot`."""

import atexit
import gc

gc.disable()  # what is imported stays, and looking through it again and again is a fifth of the start

from bot.cli import main  # noqa: E402

gc.freeze()
atexit.register(gc.unfreeze)  # else the interpreter leaves it behind, and DuckDB complains
gc.enable()

if __name__ == "__main__":
    main()
