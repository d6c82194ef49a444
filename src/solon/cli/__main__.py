"""`python -m solon.cli`, for launchers that start a module: accelerate and torchrun."""

from solon.cli import main

if __name__ == "__main__":
    main()
