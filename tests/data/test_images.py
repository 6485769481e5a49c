import gzip
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from evalkit.core.errors import InputError, ModelError, SchemaError, ShapeError
from evalkit.core.sample import Images, Texts
from evalkit.core.schema import Picture
from evalkit.data import ImageEncoder, load, pictures, spool
from evalkit.data.pictures import brought_to, read_picture

DRAW = np.random.Generator(np.random.Philox(7))
GREY = DRAW.integers(0, 256, (12, 10), dtype=np.uint8)
COLOUR = DRAW.integers(0, 256, (12, 10, 3), dtype=np.uint8)
DEEP = DRAW.integers(0, 65536, (12, 10), dtype=np.uint16)


def said(sample):
    return {problem.what: problem.rows for problem in sample.problems}


def test_what_a_file_holds_comes_back(tmp_path):
    for name, pixels in {"grey": GREY, "colour": COLOUR, "deep": DEEP}.items():
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        images = load(tmp_path / f"{name}.png")
        assert np.array_equal(np.squeeze(images.pixels[0]), pixels)
        assert images.pixels.dtype == pixels.dtype
        assert (images.names, images.captions, images.problems) == ((f"{name}.png",), None, ())
    Image.fromarray(COLOUR).save(tmp_path / "exact.webp", lossless=True)
    assert np.array_equal(load(tmp_path / "exact.webp").pixels[0], COLOUR)
    Image.fromarray(GREY).resize((80, 96)).save(tmp_path / "near.JPG", format="JPEG", quality=98)
    assert load(tmp_path / "near.JPG").pixels.shape == (1, 96, 80, 1)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png(mode, tmp_path):
    image = Image.fromarray(DEEP) if mode == "I;16" else Image.fromarray(COLOUR).convert(mode)
    image.save(tmp_path / "a.png")
    pixels, _ = read_picture(tmp_path / "a.png")
    assert pixels.shape == (12, 10, 1 if mode in {"1", "L", "LA", "I;16"} else 3)
    assert pixels.dtype == (np.uint16 if mode == "I;16" else np.uint8)


def test_transparency_is_laid_over_white(tmp_path):
    see_through = np.zeros((2, 2, 4), dtype=np.uint8)
    see_through[0, 0] = (10, 20, 30, 255)
    Image.fromarray(see_through).save(tmp_path / "a.png")
    images = load(tmp_path)
    assert images.pixels[0].tolist() == [[[10, 20, 30], [255] * 3], [[255] * 3, [255] * 3]]
    assert said(images) == {"are transparent: laid over white": 1}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned(orientation, tmp_path):
    undo = {2: np.fliplr, 3: lambda x: np.rot90(x, 2), 4: np.flipud, 5: np.transpose, 6: np.rot90, 8: lambda x: np.rot90(x, -1)}
    undo[7] = lambda x: np.rot90(x.T, 2)
    stored = undo.get(orientation, np.asarray)(GREY)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.webp", lossless=True, exif=exif)
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    for name in ("a.png", "a.webp"):
        images = load(tmp_path / name)
        assert images.pixels.shape[1:3] == GREY.shape
        assert np.array_equal(images.pixels[0, :, :, 0], GREY)
        assert said(images) == ({} if orientation == 1 else {"were turned as their EXIF data say": 1})


def test_of_an_animation_the_first_frame_is_read(tmp_path):
    frames = [Image.fromarray(np.full((4, 4, 3), shade, dtype=np.uint8)) for shade in (0, 255)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    images = load(tmp_path)
    assert images.pixels.max() == 0
    assert said(images) == {"are animated: the first frame is read": 1}


def _folder(tmp_path):
    folder = tmp_path / "pictures"
    (folder / "cats").mkdir(parents=True)
    (folder / "dogs").mkdir()
    Image.fromarray(GREY).save(folder / "cats" / "a.png")
    Image.fromarray(COLOUR).save(folder / "cats" / "b.webp", lossless=True)
    Image.fromarray(DEEP).save(folder / "dogs" / "c.png")
    Image.fromarray(np.repeat(np.repeat(COLOUR, 2, 0), 2, 1)).save(folder / "dogs" / "d.png")
    return folder


def test_a_mixed_folder_gets_one_form_and_says_so(tmp_path):
    images = load(_folder(tmp_path))
    assert images.names == ("cats/a.png", "cats/b.webp", "dogs/c.png", "dogs/d.png")
    assert images.captions == ("cats", "cats", "dogs", "dogs")
    assert images.schema.picture == Picture(height=12, width=10, channels=3, resize="pad")
    assert images.pixels.dtype == np.uint16
    assert np.array_equal(images.pixels[0], np.repeat(GREY[:, :, None].astype(np.uint16) * 257, 3, axis=2))
    assert np.array_equal(images.pixels[1], COLOUR.astype(np.uint16) * 257)
    assert said(images) == {"were brought to 12 × 10 pixels (pad)": 1}


@pytest.mark.parametrize("resize", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("size", [(12, 10), (7, 7), (30, 20), (1, 1)])
def test_an_image_means_the_same_alone_and_in_its_folder(size, resize, tmp_path):
    folder = _folder(tmp_path)
    reference = load(folder, size=size, resize=resize)
    encoder = ImageEncoder().fit(reference)
    together = encoder.transform(load(folder, schema=encoder.schema))
    for row, name in enumerate(reference.names):
        alone = encoder.transform(load(folder / name, schema=encoder.schema))
        assert np.array_equal(alone.values[0], together.values[row])
    assert together.digest() == encoder.transform(reference).digest()


def test_the_three_ways_to_another_size():
    flag = np.zeros((4, 8, 1), dtype=np.uint8)
    flag[:, 2:6] = 200
    shown = {
        resize: brought_to(flag, Picture(height=4, width=4, channels=1, resize=resize))[0][:, :, 0] for resize in ("pad", "crop")
    }
    assert (shown["crop"] == 200).all()
    assert (shown["pad"][[0, 3]] == 0).all()
    assert (shown["pad"][1:3].sum(axis=1) > 300).all()
    stretched = brought_to(flag, Picture(height=4, width=4, channels=1, resize="stretch"))[0][:, :, 0]
    assert (stretched == stretched[0]).all()
    assert stretched[0, 0] < 30
    assert stretched[0, 1] > 180


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.integers(1, 40)] * 4),
    st.sampled_from(["pad", "crop", "stretch"]),
    st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from([(1, 1), (1, 3), (3, 1), (3, 3)]),
)
def test_a_plain_image_stays_plain_in_any_shape(shape, resize, dtype, channels):
    height, width, new_height, new_width = shape
    plain = np.full((height, width, channels[0]), 137, dtype=dtype)
    pixels, _ = brought_to(plain, Picture(height=new_height, width=new_width, channels=channels[1], resize=resize))
    assert pixels.shape == (new_height, new_width, channels[1])
    assert pixels.dtype == dtype
    assert set(np.unique(pixels)) <= ({0, 137} if resize == "pad" else {137})


def test_colour_becomes_grey_under_a_grey_reference(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "grey.png")
    Image.fromarray(COLOUR).save(tmp_path / "colour.png")
    images = load(tmp_path / "colour.png", schema=load(tmp_path / "grey.png").schema)
    assert images.pixels.shape == (1, 12, 10, 1)
    assert np.abs(images.pixels[0, :, :, 0].astype(int) - np.asarray(Image.fromarray(COLOUR).convert("L"))).max() <= 1
    assert said(images) == {"are in colour and were made grey": 1}


def test_captions_from_a_list(tmp_path):
    folder = _folder(tmp_path)
    (folder / "captions.csv").write_text("file,caption\ncats/a.png,a grey cat\n./dogs/c.png,a deep dog\nnone.png,nothing\n")
    images = load(folder)
    assert images.captions == ("a grey cat", "", "a deep dog", "")
    assert said(images)["have no caption"] == 2
    assert said(images)["are in the list of captions and not among the images"] == 1
    (folder / "captions.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SchemaError, match="a column file and a column caption, found 'a', 'b'"):
        load(folder)


def test_captions_from_texts_beside_the_images(tmp_path):
    folder = _folder(tmp_path)
    (folder / "cats" / "a.txt").write_text("a grey cat\n")
    assert load(folder).captions == ("a grey cat", "", "", "")


def test_damaged_files_are_left_out_and_named(tmp_path):
    folder = _folder(tmp_path)
    (folder / "dogs" / "broken.png").write_bytes(b"")
    (folder / "cats" / "cut.png").write_bytes((folder / "cats" / "a.png").read_bytes()[:-40])
    images = load(folder)
    assert len(images) == len(images.captions) == len(images.names) == 4
    assert said(images)["cannot be read and are left out, first 'cut.png': repair or remove them"] == 2


def test_a_damaged_image_has_one_sentence(tmp_path):
    """Whatever is overwritten, cut off or repeated."""
    whole = {}
    for name, options in {"a.png": {}, "a.jpg": {"quality": 90}, "a.webp": {"lossless": True}}.items():
        Image.fromarray(COLOUR).save(tmp_path / name, **options)
        whole[name] = (tmp_path / name).read_bytes()
    for name, data in whole.items():
        for _ in range(150):
            broken = bytearray(data)
            start = int(DRAW.integers(len(data)))
            match int(DRAW.integers(3)):
                case 0:
                    broken[start : start + 4] = DRAW.bytes(4)
                case 1:
                    del broken[start:]
                case 2:
                    broken[start:start] = broken[: int(DRAW.integers(40))]
            (tmp_path / name).write_bytes(bytes(broken))
            with suppress(InputError):
                assert load(tmp_path / name).pixels.ndim == 4


def test_a_bomb_is_refused_before_it_unpacks(tmp_path, monkeypatch):
    Image.fromarray(np.zeros((9000, 9000), dtype=np.uint8)).save(tmp_path / "bomb.png")
    with pytest.raises(InputError, match=r"'bomb.png' unpacks to more than 64,000,000 pixels"):
        load(tmp_path)
    header = (tmp_path / "bomb.png").read_bytes()
    (tmp_path / "bomb.png").write_bytes(header[:16] + struct.pack(">II", 2**30, 2**30) + header[24:])
    with pytest.raises(InputError):
        load(tmp_path)
    monkeypatch.setattr(pictures, "MOST_PIXELS", 100)
    Image.fromarray(GREY).save(tmp_path / "bomb.png")
    with pytest.raises(InputError, match="more than 100 pixels"):
        load(tmp_path)


def test_text_that_unpacks_without_end_is_refused(tmp_path):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("note", "x" * 80_000_000, zip=True)
    Image.fromarray(GREY).save(tmp_path / "a.png", pnginfo=texts)
    with pytest.raises(InputError, match=r"'a.png'"):
        load(tmp_path / "a.png")


def test_other_kinds_of_images_are_not_opened(tmp_path):
    Image.fromarray(COLOUR).save(tmp_path / "a.png", format="TIFF")
    with pytest.raises(InputError, match="not a readable PNG, JPEG or WebP"):
        load(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("array", "pixels"),
    [
        (np.stack([GREY, GREY]), np.stack([GREY, GREY])[..., None]),
        (COLOUR[None], COLOUR[None]),
        (DEEP[None], DEEP[None, ..., None]),
        (GREY[None].astype(np.int64), GREY[None, ..., None]),
        (GREY[None].astype(np.uint32), GREY[None, ..., None]),
        (GREY[None] > 100, ((GREY > 100) * 255)[None, ..., None]),
        (DEEP[None] / 65535.0, DEEP[None, ..., None]),
        (np.float32([[[0, 1]]]), np.array([[[[0], [65535]]]])),
        (np.array([[[[9, 9, 9, 255], [9, 9, 9, 0]]]], dtype=np.uint8), np.array([[[[9, 9, 9], [255, 255, 255]]]])),
    ],
)
def test_arrays(array, pixels, tmp_path):
    images = load(array)
    assert isinstance(images, Images)
    assert images.pixels.dtype in (np.uint8, np.uint16)
    assert np.array_equal(images.pixels, pixels)
    np.save(tmp_path / "a.npy", array)
    np.savez_compressed(tmp_path / "a.npz", images=array, labels=np.arange(len(array)), other=np.ones(3))
    assert np.array_equal(load(tmp_path / "a.npy").pixels, pixels)
    assert np.array_equal(load(tmp_path / "a.npz").pixels, pixels)
    assert load(tmp_path / "a.npz").captions == tuple(str(i) for i in range(len(array)))


def test_tables_of_numbers_from_array_files(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[1.5, 2.5]]))
    np.savez(tmp_path / "a.npz", np.array([[1.5, 2.5]]))
    for name in ("a.npy", "a.npz"):
        table = load(tmp_path / name)
        assert table.schema.modality == "table"
        assert table.name == name
        assert table.frame.to_numpy().tolist() == [[1.5, 2.5]]


def test_the_files_of_mnist(tmp_path):
    digits = np.stack([GREY, GREY])
    data = struct.pack(">HBBIII", 0, 8, 3, 2, 12, 10) + digits.tobytes()
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(data))
    assert load(tmp_path / "t10k-images-idx3-ubyte.gz").captions is None
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(struct.pack(">HBBI", 0, 8, 1, 2) + b"\x07\x02"))
    images = load(tmp_path / "t10k-images-idx3-ubyte.gz")
    assert images.captions == ("7", "2")
    assert np.array_equal(images.pixels[..., 0], digits)
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(data[:-1]))
    with pytest.raises(InputError, match="not a readable array"):
        load(tmp_path / "t10k-images-idx3-ubyte.gz")


@pytest.mark.parametrize(
    ("array", "error", "says"),
    [
        (np.ones((2, 5, 5, 2)), ShapeError, "1, 3 or 4 channels"),
        (np.ones((0, 5, 5)), ShapeError, "no axis empty"),
        (np.full((2, 5, 5), 2.0), InputError, "image 1 has a pixel .* outside 0 to 1"),
        (np.stack([np.zeros((5, 5)), np.full((5, 5), np.nan)]), InputError, "image 2 has a pixel that is missing"),
        (np.full((1, 5, 5), 256), InputError, "image 1 .* outside 0 to 255"),
        (np.full((1, 5, 5), "a"), InputError, "array of pixels"),
    ],
)
def test_arrays_that_are_no_images(array, error, says):
    with pytest.raises(error, match=says):
        load(array)


def test_a_single_colour_image_without_its_axis_is_noticed():
    assert "give one colour image the shape (1, height, width, channels)" in load(COLOUR).problems[0].what


def test_larger_than_memory(tmp_path, monkeypatch):
    folder = _folder(tmp_path)
    reference = load(folder)
    np.save(tmp_path / "many.npy", np.stack([DEEP] * 40) / 65535.0)
    monkeypatch.setattr(spool, "MEMORY_BYTES", 1000)
    images = load(folder)
    assert isinstance(images.pixels, np.memmap)
    assert np.array_equal(images.pixels, reference.pixels)
    pixels = ImageEncoder().fit(images).transform(images)
    assert isinstance(pixels.values, np.memmap)
    assert pixels.digest() == ImageEncoder().fit(reference).transform(reference).digest()
    assert isinstance(load(tmp_path / "many.npy").pixels, np.memmap)
    np.save(tmp_path / "bytes.npy", np.stack([GREY] * 3))
    assert isinstance(load(tmp_path / "bytes.npy").pixels[..., 0].base, np.memmap)


def test_encoding_and_back(tmp_path):
    for images in (load(_folder(tmp_path)), load(np.stack([GREY, GREY]))):
        encoder = ImageEncoder.from_state(ImageEncoder().fit(images).to_state())
        pixels = encoder.transform(images)
        assert pixels.values.dtype == np.float32
        assert 0.0 <= pixels.values.min() <= pixels.values.max() <= 1.0
        assert pixels.captions == images.captions
        back = encoder.decode(pixels)
        assert np.array_equal(back.pixels, images.pixels)
        assert back.schema == images.schema


def test_what_cannot_be_encoded_is_refused(tmp_path):
    encoder = ImageEncoder().fit(load(GREY[None]))
    with pytest.raises(SchemaError, match="got texts"):
        encoder.transform(Texts.of(["a"]))
    with pytest.raises(SchemaError, match="another shape"):
        encoder.decode(ImageEncoder().fit(load(COLOUR[None])).transform(load(COLOUR[None])))
    for state in ({}, {**encoder.to_state(), "images_schema": {"modality": "table", "columns": []}}):
        with pytest.raises(ModelError, match="image encoder is damaged"):
            ImageEncoder.from_state(state)
    with pytest.raises(InputError, match="size must be"):
        load(GREY[None], size=(0, 5))


def test_images_in_memory_are_brought_to_a_size_and_to_the_reference(tmp_path):
    small = load(np.stack([COLOUR, COLOUR]), size=(6, 5))
    assert small.pixels.shape == (2, 6, 5, 3)
    assert said(small) == {"were brought to 6 × 5 pixels (pad)": 2}
    grey = load(GREY[None], size=(6, 5))
    again = load(load(np.stack([COLOUR, COLOUR])), schema=grey.schema)
    assert again.pixels.shape == (2, 6, 5, 1)
    assert set(said(again)) == {"were brought to 6 × 5 pixels (pad)", "are in colour and were made grey"}
    assert np.array_equal(
        ImageEncoder().fit(grey).transform(load(COLOUR[None])).values[0], ImageEncoder().fit(again).transform(again).values[0]
    )


def test_settings_and_labels_have_to_fit(tmp_path):
    with pytest.raises(InputError, match="resize must be one of pad, crop, stretch"):
        load(GREY[None], size=(5, 5), resize="squash")
    with pytest.raises(SchemaError, match="table and images at once"):
        load(GREY[None], modality="table", size=(5, 5))
    np.savez(tmp_path / "a.npz", images=GREY[None], labels=np.arange(2))
    with pytest.raises(ShapeError, match="1 images and 2 labels"):
        load(tmp_path / "a.npz")
    with pytest.raises(InputError, match="limit of 10 bytes"):
        load(tmp_path / "a.npz", limit_bytes=10)
