"""What the wheel holds: every package below facegen/, every data file in them, and the embedded checkpoints."""

from setuptools import find_namespace_packages, setup

# Folders of data are packages, too.
packages = find_namespace_packages(include=["facegen", "facegen.*"], exclude=["*__pycache__*"])

setup(
    packages=[*packages, "facegen.checkpoints"],
    # The checkpoints live once, at the top of the repository, and ship inside the package.
    package_dir={"facegen": "facegen", "facegen.checkpoints": "checkpoints"},
    package_data={
        "": ["*.json", "*.css", "*.js", "*.html", "*.yaml", "*.txt", "*.md", "*.png", "py.typed"],
        "facegen.checkpoints": ["*/*"],
    },
)
