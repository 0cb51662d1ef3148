"""Radboud, PubFig, LFW and plain folders: tiny ones in their true formats."""

from pathlib import Path

import numpy as np
import pytest
from drawn_face import LANDMARKS, drawn_face
from PIL import Image

from facegen.attributes import VOCABULARY, VocabularyError
from facegen.data.bag_of_words import format_words, parse_words, read_words, write_words
from facegen.data.base import DataError
from facegen.data.readers import read_dataset, recognize
from facegen.data.sets.folder import read_folder
from facegen.data.sets.lfw import read_lfw
from facegen.data.sets.omi import read_omi
from facegen.data.sets.pubfig import image_file, read_links, read_pubfig
from facegen.data.sets.rafd import read_rafd

# The columns of pubfig_attributes.txt and lfw_attributes.txt, in their order.
COLUMNS_73 = (
    "Male|Asian|White|Black|Baby|Child|Youth|Middle Aged|Senior|Black Hair|Blond Hair|Brown Hair|Bald|No Eyewear|"
    "Eyeglasses|Sunglasses|Mustache|Smiling|Frowning|Chubby|Blurry|Harsh Lighting|Flash|Soft Lighting|Outdoor|"
    "Curly Hair|Wavy Hair|Straight Hair|Receding Hairline|Bangs|Sideburns|Fully Visible Forehead|"
    "Partially Visible Forehead|Obstructed Forehead|Bushy Eyebrows|Arched Eyebrows|Narrow Eyes|Eyes Open|Big Nose|"
    "Pointy Nose|Big Lips|Mouth Closed|Mouth Slightly Open|Mouth Wide Open|Teeth Not Visible|No Beard|Goatee|"
    "Round Jaw|Double Chin|Wearing Hat|Oval Face|Square Face|Round Face|Color Photo|Posed Photo|Attractive Man|"
    "Attractive Woman|Indian|Gray Hair|Bags Under Eyes|Heavy Makeup|Rosy Cheeks|Shiny Skin|Pale Skin|"
    "5 o' Clock Shadow|Strong Nose-Mouth Lines|Wearing Lipstick|Flushed Face|High Cheekbones|Brown Eyes|"
    "Wearing Earrings|Wearing Necktie|Wearing Necklace"
).split("|")
PEOPLE = [("Anna Example", 1), ("Anna Example", 4), ("Bert O'Sample", 2)]


def write_table(path: Path, positive: dict[int, set[str]]) -> Path:
    lines = [f"# Dataset v1.2 - {path.name} - http://example.org/", "#\tperson\timagenum\t" + "\t".join(COLUMNS_73)]
    for i, (person, number) in enumerate(PEOPLE):
        values = ["1.5" if c in positive.get(i, set()) else "-0.25" for c in COLUMNS_73]
        lines.append("\t".join([person, str(number), *values]))
    path.write_text("\n".join(lines) + "\n")
    return path


def write_images(folder: Path, names) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(drawn_face(64)).save(folder / name)


POSITIVE = {
    0: {"Youth", "Blond Hair", "No Beard", "Mouth Closed", "Brown Eyes", "Wearing Hat"},
    1: {"Male", "Senior", "5 o' Clock Shadow", "Sunglasses", "Black Hair", "Brown Hair"},
}


def test_every_pubfig_column_of_the_vocabulary_exists():
    named = {a.columns["pubfig"].lstrip("-") for a in VOCABULARY if "pubfig" in a.columns}
    assert len(COLUMNS_73) == 73 and named and named <= set(COLUMNS_73)


def test_lfw_is_binarized_by_sign(tmp_path):
    write_table(tmp_path / "lfw_attributes.txt", POSITIVE)
    write_images(tmp_path / "lfw", [image_file(*key) for key in PEOPLE[:2]])
    data = read_lfw(tmp_path)
    assert len(data) == 2 and data[0].subject == "Anna Example"
    assert data[1].path == tmp_path / "lfw" / "Anna_Example" / "Anna_Example_0004.jpg"
    woman, man = data[0].attributes, data[1].attributes
    assert woman["male"] is False and woman["young"] and woman["blond_hair"] and woman["hat"] and woman["brown_eyes"]
    assert woman["beard"] is False and woman["mouth_open"] is False and woman["old"] is False
    assert man["male"] and man["old"] and man["stubble"] and man["sunglasses"] and man["beard"] and man["mouth_open"]
    assert "black_hair" not in man and "brown_hair" not in man and man["blond_hair"] is False
    assert "long_hair" not in man  # no such column


def test_an_image_number_of_thousands_of_digits_is_told(tmp_path):
    row = "\t".join(["Anna Example", "9" * 5000, "http://a.example/b", "1,2,3,4", "0" * 32])
    (tmp_path / "dev_urls.txt").write_text(f"# PubFig\n# person\timagenum\turl\trect\tmd5sum\n{row}\n")
    with pytest.raises(DataError, match="line 3: expected an image number, found '9{40}'"):
        read_links(tmp_path / "dev_urls.txt")


def test_pubfig_holds_what_was_downloaded(tmp_path):
    write_table(tmp_path / "pubfig_attributes.txt", POSITIVE)
    with pytest.raises(DataError, match="none of the 3 images"):
        read_pubfig(tmp_path)
    write_images(tmp_path / "images", [image_file(*PEOPLE[2])])
    data = read_pubfig(tmp_path)
    assert [data[i].subject for i in range(len(data))] == ["Bert O'Sample"]
    assert data[0].attributes["male"] is False


URLS = (
    "# PubFig Dataset v1.2 - dev_urls.txt - http://example.org/\n"
    "#\tperson\timagenum\turl\trect\tmd5sum\n"
    "Anna Example\t1\thttp://example.org/a.jpg\t10,20,110,140\tD41D8CD98F00B204E9800998ECF8427E\n"
)


def test_url_lists(tmp_path):
    path = tmp_path / "dev_urls.txt"
    path.write_text(URLS)
    (link,) = read_links(path)
    assert (link.person, link.number, link.url, link.box) == (
        "Anna Example",
        1,
        "http://example.org/a.jpg",
        (10, 20, 110, 140),
    )
    assert link.md5 == "d41d8cd98f00b204e9800998ecf8427e"
    path.write_text("\n".join(line.rsplit("\t", 1)[0] for line in URLS.splitlines()).replace("rect\n", "rect\n"))
    assert read_links(path)[0].md5 == ""  # version 1.1 had none


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# PubFig", "PubFig", "line 1"),
        ("#\tperson", "#\tname", "line 2"),
        ("\t10,20,110,140", "", "line 3: expected 5 tab-separated fields, found 4"),
        ("10,20,110,140", "10,20,9,140", "line 3: expected a box"),
        ("10,20,110,140", "10;20", "line 3: expected a box"),
        ("D41D", "XYZ", "line 3: expected an MD5"),
        ("\t1\t", "\tone\t", "line 3: expected an image number"),
    ],
)
def test_broken_url_lists_are_named(tmp_path, old, new, message):
    path = tmp_path / "dev_urls.txt"
    assert old in URLS
    path.write_text(URLS.replace(old, new, 1))
    with pytest.raises(DataError, match=f"dev_urls.txt.*{message}") as caught:
        read_links(path)
    assert "\n" not in str(caught.value)


def test_broken_attribute_tables_are_named(tmp_path):
    path = write_table(tmp_path / "lfw_attributes.txt", POSITIVE)
    write_images(tmp_path / "lfw", [image_file(*PEOPLE[0])])
    good = path.read_text()
    path.write_text(good.replace("-0.25", "high", 1))
    with pytest.raises(DataError, match="line 3: expected a number, found 'high'"):
        read_lfw(tmp_path)
    path.write_text(good[: len(good) - 40])
    with pytest.raises(DataError, match="line 5: expected 75 tab-separated fields"):
        read_lfw(tmp_path)


def test_no_person_leaves_the_image_folder():
    for person in ("../../etc", "/root", "a/../../b", "..", ""):
        path = image_file(person, 1)
        assert len(path.parts) == 2 and ".." not in path.parts and not path.is_absolute()


RAFD = [
    "Rafd090_01_Caucasian_female_happy_frontal.jpg",
    "Rafd090_01_Caucasian_female_contemptuous_frontal.jpg",
    "Rafd090_01_Caucasian_female_neutral_left.jpg",
    "Rafd045_01_Caucasian_female_happy_frontal.jpg",
    "Rafd090_33_Moroccan_male_surprised_frontal.jpg",
    "Rafd090_39_Kid_male_neutral_frontal.jpg",
]


def test_radboud_by_its_file_names(tmp_path):
    write_images(tmp_path, RAFD)
    (tmp_path / "annotations.csv").write_text("subject,words\n01,brown_hair no_eyeglasses\n33,beard square_face\n")
    data = read_rafd(tmp_path)
    found = {data[i].path.name: data[i] for i in range(len(data))}
    assert set(found) == {RAFD[0], RAFD[1], RAFD[4]}  # frontal adults looking ahead
    happy, contempt, surprised = (found[n].attributes for n in (RAFD[0], RAFD[1], RAFD[4]))
    assert happy["smiling"] and happy["male"] is False and happy["white"] and found[RAFD[0]].subject == "01"
    assert "smiling" not in contempt
    assert surprised["male"] and surprised["mouth_open"] and surprised["smiling"] is False
    assert happy["brown_hair"] and happy["black_hair"] is False and happy["eyeglasses"] is False
    assert surprised["beard"] and surprised["square_face"] and surprised["oval_face"] is False
    wide = read_rafd(tmp_path, angles=(45, 90), gazes=("frontal", "left", "right"), kids=True)
    assert len(wide) == len(RAFD)


def test_radboud_names_a_file_that_isnt_one(tmp_path):
    write_images(tmp_path, ["Rafd090_01_Caucasian_female_bored_frontal.jpg"])
    with pytest.raises(DataError, match="bored_frontal.jpg: expected a name like"):
        read_rafd(tmp_path)
    with pytest.raises(DataError, match="holds no image"):
        read_rafd(tmp_path / "empty")


def test_bags_of_words_round_trip(tmp_path):
    bags = {"01": {"beard": True, "male": True, "eyeglasses": False}, "b, c": {}}
    write_words(tmp_path / "w.csv", bags)
    assert read_words(tmp_path / "w.csv") == bags
    assert parse_words(format_words(bags["01"])) == bags["01"]
    with pytest.raises(VocabularyError, match="both yes and no"):
        parse_words("beard no_beard")
    with pytest.raises(VocabularyError, match="contradict"):
        parse_words("young old")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("who,words\n", "line 1"),
        ("subject,words\n01,beerd\n", "line 2: unknown attribute 'beerd': did you mean beard"),
        ("subject,words\n01,beard\n01,male\n", "line 3: subject '01' was already"),
        ("subject,words\n01\n", "line 2: expected a subject"),
        (f"subject,words\n01,{'a' * 200_000}\n", "line 2: field larger than"),
    ],
)
def test_broken_bags_of_words_are_named(tmp_path, text, message):
    (tmp_path / "w.csv").write_text(text)
    with pytest.raises(DataError, match=f"w.csv, {message}"):
        read_words(tmp_path / "w.csv")


def test_a_folder_with_a_csv(tmp_path):
    write_images(tmp_path / "images", ["a/1.jpg", "2.png"])
    (tmp_path / "labels.csv").write_text(
        "image,subject,male,eyeglasses,words\na/1.jpg,a,yes,,beard\n2.png,b,-1,0,no_hat\n"
    )
    np.save(tmp_path / "landmarks68.npy", np.stack([LANDMARKS, LANDMARKS]) * 64)
    data = read_folder(tmp_path)
    assert data[0].attributes == {"male": True, "beard": True}
    assert data[1].attributes == {"male": False, "hat": False} and data[1].subject == "b"
    np.testing.assert_allclose(data[0].landmarks, LANDMARKS * 64)


def test_dark_skin_is_told_of_black_people_whose_cheeks_are_dark(tmp_path):
    write_images(tmp_path, ["light.png", "also.png", "other.png"])
    dark = (np.asarray(Image.open(tmp_path / "light.png")) * 0.5).astype(np.uint8)
    Image.fromarray(dark).save(tmp_path / "dark.png")
    rows = ["dark.png,yes,", "light.png,yes,", "also.png,,yes", "other.png,,"]
    (tmp_path / "labels.csv").write_text("\n".join(["image,black,white", *rows]) + "\n")
    np.save(tmp_path / "landmarks68.npy", np.stack([LANDMARKS] * 4) * 64)
    told = [face.attributes.get("dark_skin") for face in read_folder(tmp_path)]
    assert told == [True, None, False, None]
    (tmp_path / "labels.csv").write_text("image,black,dark_skin\ndark.png,yes,\nlight.png,yes,yes\n")
    np.save(tmp_path / "landmarks68.npy", np.stack([LANDMARKS] * 2) * 64)
    assert [face.attributes.get("dark_skin") for face in read_folder(tmp_path)] == [None, True]  # said: left as it is


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("picture,male\n", "line 1: expected column names, one of them image"),
        ("image,mail\n", "line 1: unknown attribute 'mail'"),
        ("image,male,male\n", "line 1: a column is named twice"),
        ("image,male\nx.jpg,yes\n", "line 2: there is no image"),
        ("image,male\n1.jpg,maybe\n", "line 2: male = 'maybe', expected yes, no or nothing"),
        ("image,male\n1.jpg\n", "line 2: expected 2 fields, found 1"),
        ("image,male\n1.jpg,y\xe9s\n", "line 2: expected text in UTF-8"),
        (f"image,words\n1.jpg,{'a' * 200_000}\n", "line 2: field larger than"),
    ],
)
def test_broken_folders_are_named(tmp_path, text, message):
    write_images(tmp_path, ["1.jpg"])
    (tmp_path / "labels.csv").write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=f"labels.csv, {message}"):
        read_folder(tmp_path)


def test_a_data_set_is_recognized_by_its_files(tmp_path):
    for name, kind in (
        ("list_attr_celeba.txt", "celeba"),
        ("pubfig_attributes.txt", "pubfig"),
        ("lfw_attributes.txt", "lfw"),
        ("labels.csv", "folder"),
        ("ratings.csv", "omi"),
        (RAFD[0], "rafd"),
    ):
        folder = tmp_path / kind
        folder.mkdir()
        (folder / name).touch()
        assert recognize(folder) == kind
    with pytest.raises(DataError, match="no known data set"):
        (tmp_path / "empty").mkdir()
        recognize(tmp_path / "empty")
    with pytest.raises(DataError, match="unknown data set 'ffhq'"):
        read_dataset(tmp_path, "ffhq")


RATED = (
    "image,age,gender,long-haired,skin-color,black,asian,white,hispanic\n1.jpg,58,10,20,12,3,40,80,10\n"
    "2.jpg,30,80,45,80,90,5,10,30\n3.jpg,8,40,10,10,2,5,90,5\n"
)


def test_the_clear_ends_of_ratings_are_labels_and_children_are_left_out(tmp_path):
    (tmp_path / "ratings.csv").write_text(RATED)
    with pytest.raises(DataError, match="images/1.jpg: ratings.csv rates it"):
        read_omi(tmp_path)
    write_images(tmp_path / "images", ["1.jpg", "2.jpg", "3.jpg"])
    np.save(tmp_path / "landmarks68.npy", np.stack([LANDMARKS] * 3) * 64)
    data = read_dataset(tmp_path)
    assert [record.path.name for record in (data[0], data[1])] == ["1.jpg", "2.jpg"] and len(data) == 2
    woman, man = data[0].attributes, data[1].attributes
    assert (
        woman["old"] and not woman["young"] and not woman["male"] and not woman["long_hair"] and not woman["dark_skin"]
    )
    assert man["young"] and man["male"] and man["dark_skin"] and man["black"] and "long_hair" not in man
    assert woman["white"] and not woman["hispanic"] and "asian" not in woman and not man["asian"] and not man["white"]
    assert woman["facing_front"] and "gray_hair" not in woman  # landmarks tell; nothing does
    assert len(read_omi(tmp_path, kids=True)) == 3
    (tmp_path / "ratings.csv").write_text("image,age\n1.jpg,30\n")
    with pytest.raises(DataError, match="expected a column gender, found age"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("name", ["identity.txt", "alignment.csv", "ratings_predicted.csv"])
def test_a_table_that_isnt_text_is_named_with_its_line(tmp_path, name):
    write_images(tmp_path / "images", ["1.jpg"])
    (tmp_path / "list_attr_celeba.txt").write_text("1\nMale\n1.jpg 1\n")
    (tmp_path / name).write_bytes(b"image,age\n1.jpg \xff\n")
    with pytest.raises(DataError, match=f"{name}, line 2: expected text in UTF-8, found the byte 0xff"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("broken", [b"no picture", None])
def test_an_image_that_labels_are_derived_from_is_named(tmp_path, broken):
    write_images(tmp_path / "images", ["1.jpg", "2.jpg"])
    (tmp_path / "list_attr_celeba.txt").write_text("2\nEyeglasses\n1.jpg 1\n2.jpg 1\n")
    np.save(tmp_path / "landmarks68.npy", np.stack([LANDMARKS, LANDMARKS]) * 64)
    if broken is None:
        (tmp_path / "images/2.jpg").unlink()
    else:
        (tmp_path / "images/2.jpg").write_bytes(broken)
    with pytest.raises(DataError, match=r"can't be read.*images/2\.jpg|images/2\.jpg.*can't be read"):
        read_dataset(tmp_path)
