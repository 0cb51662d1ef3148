"""Labeled Faces in the Wild (Huang et al. 2007) with the 73 attributes of Kumar et al. 2009.

FOLDER/lfw_attributes.txt                 in PubFig's table format (pubfig.py)
FOLDER/lfw/First_Last/First_Last_0001.jpg    or lfw_funneled/, lfw-deepfunneled/, lfw-a/
"""

from __future__ import annotations

from pathlib import Path

from facegen.data.base import DataError, FaceTable
from facegen.data.sets.pubfig import present_rows, read_attributes

ATTRIBUTES_FILE = "lfw_attributes.txt"
IMAGE_FOLDERS = ("lfw", "lfw_funneled", "lfw-funneled", "lfw-deepfunneled", "lfw-a")


def read_lfw(folder: str | Path) -> FaceTable:
    """LFW: subjects are the people's names, numbers are made from the file names.

    Raises:
        DataError: the attribute table or the images are missing or malformed.
    """
    folder = Path(folder)
    path = folder / ATTRIBUTES_FILE
    if not path.is_file():
        raise DataError(f"{path}: LFW's attribute table isn't there")
    images = next((folder / name for name in IMAGE_FOLDERS if (folder / name).is_dir()), None)
    if images is None:
        raise DataError(f"{folder / 'lfw'}: LFW's image folder isn't there")
    keys, values = read_attributes(path)
    return present_rows(folder, images, keys, values, "expected names like lfw/Aaron_Eckhart/Aaron_Eckhart_0001.jpg")
