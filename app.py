"""Entry for Hugging Face Spaces, and for `make run`: build the Blocks and serve them."""

from facegen import ui

demo = ui.build()

if __name__ == "__main__":
    ui.serve(demo)
