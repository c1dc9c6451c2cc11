from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.darknet.cfg import parse, read_cfg
from lpr.darknet.layers import Convolutional, Route, Shortcut
from lpr.errors import ModelError
from tests.darknet.nets import BODIES, conv, head, net, yolov3

NET = "[net]\nwidth=96\nheight=96\n\n"


def test_yolov3_is_described_as_published() -> None:
    cfg = parse(yolov3())
    assert len(cfg.layers) == 107
    assert [layer.index for layer in cfg.heads] == [82, 94, 106]
    assert [layer.out_stride for layer in cfg.heads] == [32, 16, 8]
    assert cfg.heads[0].anchors == ((116, 90), (156, 198), (373, 326))
    assert cfg.shapes(416, 416)[82] == (255, 13, 13)
    assert cfg.bflops(416, 416) == pytest.approx(65.86, abs=0.01)
    # The published yolov3.weights has 248,007,048 bytes, 20 of them header.
    numbers = sum(
        layer.out_channels * (4 if layer.batch_normalize else 1)
        + layer.weight_shape[0] * layer.weight_shape[1] * layer.size**2
        for layer in cfg.convolutions
    )
    assert 20 + 4 * numbers == 248_007_048


def test_references_become_absolute() -> None:
    cfg = parse(yolov3())
    shortcut, route = cfg.layers[4], cfg.layers[86]
    assert isinstance(shortcut, Shortcut)
    assert shortcut.inputs == (3, 1)
    assert isinstance(route, Route)
    assert route.inputs == (85, 61)
    assert route.out_channels == 256 + 512


def test_yolov3_does_not_fit_320x240() -> None:
    with pytest.raises(ModelError) as error:
        parse(yolov3(), "yolov3.cfg").check_size(320, 240)
    message = str(error.value)
    assert "yolov3.cfg: input size 320x240" in message
    assert "section 86 [route]" in message
    assert "section 85 [upsample] (height 16) with section 61 [shortcut] (height 15)" in message
    assert "320x224 and 320x256" in message


def test_a_head_has_to_tile_its_input() -> None:
    cfg = parse(NET + conv(8, 3, 2) + conv(8, 3, 2) + head())
    cfg.check_size(100, 60)
    with pytest.raises(ModelError, match=r"stride 4: width 102 / 4.*100x60 and 104x60"):
        cfg.check_size(102, 60)


@pytest.mark.parametrize("size", [(0, 96), (96, -4), (1, 1)])
def test_impossible_sizes(size: tuple[int, int]) -> None:
    cfg = parse(NET + conv(8, 3, 2) + head())
    with pytest.raises(ModelError, match="nearest that fit"):
        cfg.check_size(*size)


@given(st.integers(1, 700), st.integers(1, 700))
def test_the_sizes_advised_do_fit(width: int, height: int) -> None:
    cfg = parse(yolov3())
    try:
        cfg.check_size(width, height)
    except ModelError as error:
        advised = str(error).rsplit("fit: ", 1)[1].split(" and ")
        for size in advised:
            cfg.check_size(*map(int, size.split("x")))
    else:
        assert width % 32 == height % 32 == 0


def test_another_size() -> None:
    cfg = parse(yolov3()).with_size(320, 224)
    assert (cfg.net.width, cfg.net.height) == (320, 224)
    assert parse(cfg.to_text()) == cfg
    with pytest.raises(ModelError):
        cfg.with_size(320, 240)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_written_and_read_again(body: str) -> None:
    cfg = net(body)
    assert parse(cfg.to_text()) == cfg


def test_training_keys_are_kept() -> None:
    text = yolov3() + "ignore_thresh=.7\nstopbackward=1\n"
    assert parse(text).heads[-1].extra == (("ignore_thresh", ".7"), ("stopbackward", "1"))
    written = parse(text).to_text()
    assert "steps=400000,450000" in written
    assert "ignore_thresh=.7" in written


@given(
    st.lists(st.tuples(*[st.floats(0.125, 900)] * 2), min_size=1, max_size=9),
    st.floats(1, 2),
)
def test_anchors_survive_a_round_trip(anchors: list[tuple[float, float]], scale: float) -> None:
    mask = ",".join(map(str, range(len(anchors))))
    text = ",".join(f"{w!r},{h!r}" for w, h in anchors)
    cfg = parse(NET + head(1, mask, text) + f"scale_x_y={scale!r}\n")
    again = parse(cfg.to_text()).heads[0]
    assert again.anchors == tuple(anchors)
    assert again.scale_x_y == scale


@given(st.text(alphabet="[]=#;\n\r ,-.0123456789abceflnortvy", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for start in ("", NET):
        with suppress(ModelError):
            parse(start + text)


def test_comments_and_white_space() -> None:
    text = "# by hand\r\n [net]\r\n width = 96 # pixels\r\nheight=9 6\r\n;end\r\n\r\n" + head()
    cfg = parse(text)
    assert (cfg.net.width, cfg.net.height) == (96, 96)


def test_darknet_defaults() -> None:
    cfg = parse(
        NET + "[convolutional]\nfilters=4\nsize=3\nactivation=relu\n[maxpool]\nstride=2\n" + head()
    )
    convolution, pool = cfg.layers[:2]
    assert isinstance(convolution, Convolutional)
    assert (convolution.stride, convolution.padding, convolution.groups) == (1, 0, 1)
    assert pool.options() == {"size": 2, "stride": 2, "padding": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "starts with a [net]"),
        (conv(8), "starts with a [net]"),
        ("width=3\n", "cfg:1: width stands before any section"),
        ("[net]\nwidth=96\n", "[net]: needs height="),
        (NET.replace("width=96", "width=0"), "cfg:2: [net]: width=0 must be at least 1"),
        (NET + "channels=1\n", "channels=1"),
        (NET + "wdth=3\n" + head(), "unknown key wdth; did you mean width?"),
        (NET + "hello\n", "cfg:5: 'hello' is neither"),
        (NET + "[route\n", "close it with ]"),
        (NET + "[gru]\n", "section 0 [gru]: this section is not supported; supported are avgpool"),
        (NET + conv(8), "no [yolo] or [region] section"),
        (NET + "[convolutional]\nsize=3\n" + head(), "section 0 [convolutional]: needs filters="),
        (NET + conv(0) + head(), "filters=0 must be at least 1"),
        (NET + "[convolutional]\nfilters=x\nsize=1\n", "cfg:6: section 0 [convolutional]: filters"),
        (NET + "[convolutional]\nfilters=2.5\nsize=1\n", "'2.5', which is not a whole number"),
        (NET + conv(8, norm=2) + head(), "batch_normalize=2 must be 0 or 1"),
        (NET + conv(8, groups=3) + head(), "groups=3 must divide 3 channels in and 8 filters"),
        (NET + conv(8, size=3) + conv(8, filter=3) + head(), "unknown key filter; did you mean"),
        (NET + conv(8, activation="elu2") + head(), "activation=elu2"),
        (NET + conv(8, 2, dilation=2) + head(), "needs an odd size and pad=1"),
        (NET + conv(8, stride_x=2) + head(), "the strides across and down are one stride="),
        (NET + conv(8, antialiasing=1) + head(), "antialiasing=1 is not supported"),
        (NET + conv(8, flipped=1) + head(), "flipped=1"),
        (NET + "[maxpool]\nsize=2\npadding=3\n" + head(), "windows without a pixel"),
        (
            NET + "[maxpool]\nsize=2\nstride_y=1\n" + head(),
            "the strides across and down are one stride=",
        ),
        (NET + conv(8) + "[upsample]\nstride=2\n" + head(), "does not divide its input's stride"),
        (NET + conv(8, 3, 2) + "[upsample]\nscale=x\n" + head(), "which is not a finite number"),
        (NET + conv(8) + "[reorg]\nstride=3\n" + head(), "needs a multiple of 9 channels"),
        (
            NET + "[convolutional]\nfilters=4\nsize=1\n",
            "needs activation=; without it some programs take",
        ),
        (NET + conv(8) + conv(8) + "[sam]\nfrom=0\nactivation=mish\n", "does not run"),
        (NET + "[route]\nlayers=-1\n" + head(), "refers to -1, but there is no such layer"),
        (NET + conv(8) + "[route]\nlayers=1\n" + head(), "refers to 1, but there is no such layer"),
        (NET + conv(8) + "[route]\n" + head(), "section 1 [route]: needs layers="),
        (NET + conv(8) + conv(8) + "[route]\nlayers=0,1\ngroups=3\n", "groups=3 does not divide"),
        (NET + conv(8) + "[route]\nlayers=0\ngroups=3\n", "groups=3 does not divide 8 channels"),
        (NET + conv(8) + "[route]\nlayers=0\ngroups=2\ngroup_id=2\n", "group_id=2 must be below"),
        (
            NET + conv(8) + conv(8, 3, 2) + "[route]\nlayers=0,1\n",
            "cannot join section 0 [convolutional] (stride 1) with section 1 [convolutional] "
            "(stride 2) at any input size",
        ),
        (NET + conv(8) + "[shortcut]\nfrom=-2\n" + head(), "refers to -2"),
        (NET + conv(8) + conv(8) + "[sam]\nfrom=0,0\n", "from= names several layers"),
        (
            NET + conv(8) + conv(8) + "[shortcut]\nfrom=0\nweights_type=per_feature\n",
            "needs weights",
        ),
        (NET + conv(8) + conv(4) + "[sam]\nfrom=0\n", "multiplies 4 channels with 8"),
        (NET + conv(8) + "[scale_channels]\nfrom=0\n", "put [avgpool] there"),
        (
            NET + conv(8) + conv(4) + "[avgpool]\n[scale_channels]\nfrom=0\n",
            "has to give 8 channels, as many as it multiplies, and gives 4",
        ),
        (NET + conv(30, norm=0) + "[region]\nanchors=1,1\ntree=a.tree\n", "a tree of classes"),
        (
            NET + conv(30, norm=0) + "[region]\nanchors=1,1\n",
            "need 25 channels, but the layer before gives 30",
        ),
        (NET + conv(8) + "[dropout]\nprobability=1\n", "probability=1.0 must lie in 0..1"),
        (NET + head() + conv(8) + head(), "the detection head section 1 [yolo]"),
        (NET + head() + "[route]\nlayers=1\n", "the detection head section 1 [yolo]"),
        (
            NET + conv(17, norm=0) + head().split("\n\n", 1)[1],
            "need 18 channels, but the layer before gives 17",
        ),
        (NET + head() + "num=4\n", "num=4, but anchors= holds only 3 pairs"),
        (NET + head(mask="0,1,3"), "mask= holds numbers from 0 to 2"),
        (NET + head(anchors="1,2,3"), "pairs of positive numbers"),
        (NET + head(anchors="1,-2"), "pairs of positive numbers"),
        (NET + head(anchors="1,nan"), "'nan', which is not a finite number"),
        (NET + head() + "new_coords=2\n", "new_coords=2 must be 0 or 1"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(ModelError) as error:
        parse(text)
    assert words in str(error.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.cfg: cannot be read"):
        read_cfg(tmp_path / "none.cfg")


def test_a_file_with_a_byte_order_mark_and_foreign_comments(tmp_path: Path) -> None:
    path = tmp_path / "车牌.cfg"
    path.write_bytes(b"\xef\xbb\xbf# \xb3\xb5\xc5\xc6\n" + (NET + head()).encode())
    assert read_cfg(path).name == str(path)


SMALL = NET + conv(18, 1) + "[yolo]\nmask=0,1,2\nanchors=1,2, 3,4, 5,6\nclasses=1\nnum=3\n"


# What Darknet reads in its own way: each of these is the network of SMALL.
@pytest.mark.parametrize(
    "text",
    [
        SMALL.replace("width=96", "width=96\nbatch=64\nbatch=1\nwidth=32"),
        SMALL.replace("[net]", "[network]"),
        SMALL.replace("[convolutional]", "[conv]"),
        SMALL.replace("num=3", "num=3 ; of nine").replace("classes=1", "classes=1 # plates"),
        SMALL.replace("5,6", "5,6,").replace("mask=0,1,2", "mask=0,1,2,"),
        SMALL.replace("5,6", "5,6, 7,8, 9,10"),
        SMALL.replace("mask=0,1,2\n", ""),
        SMALL.replace("[net]", "[net]\nmax_epochs=80\ndev_batch=7"),
        SMALL + "counters=3\n",
    ],
)
def test_what_darknet_reads_in_its_own_way(text: str) -> None:
    cfg, expected = parse(text), parse(SMALL)
    assert cfg.heads[0].anchors == ((1, 2), (3, 4), (5, 6))
    assert (cfg.net.width, cfg.net.height) == (96, 96)
    assert [type(layer) for layer in cfg.layers] == [type(layer) for layer in expected.layers]
    assert cfg.shapes(96, 96) == expected.shapes(96, 96)


def test_a_key_that_is_passed_over_is_named(caplog: pytest.LogCaptureFixture) -> None:
    parse(SMALL + "counters=3\n")
    parse(NET + conv(18, 1, stride=1) + "size=3\n" + SMALL.split("\n\n", 2)[2], "twice.cfg")
    assert "section 1 [yolo]: unknown key counters is passed over" in caplog.text
    assert "size is given twice; as in Darknet, the first counts" in caplog.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (NET.replace("height=96", "height=96\nchannels=1") + head(), "channels=1 is not supported"),
        (NET + conv(8, 1, 1 << 20) + head(), "section 0 [convolutional]: its output has a stride"),
        (NET + (conv(8, 1, 64) + "[reorg]\nstride=2\n") * 3 + head(), "a stride of 8192 pixels"),
        ("[net]\nwidth=2000000000\nheight=96\n" + conv(18, 1) + head(), "more than the 16384"),
        (NET + "[Gaussian_yolo]\n", "[Gaussian_yolo]: this section is not supported"),
        (NET + conv(8, activation="9" * 5000) + head(), "(5000 characters)"),
        (NET.replace("96", "9" * 5000) + head(), "(5000 characters)', which is not a whole number"),
        (NET + head(anchors="1e999,1"), "'1e999', which is not a finite number"),
    ],
)
def test_hostile_numbers_are_refused_briefly(text: str, words: str) -> None:
    with pytest.raises(ModelError) as error:
        parse(text).check_size(96, 96)
    assert words in str(error.value)
    assert "take it out" not in str(error.value)
    assert len(str(error.value)) < 400


_WORDS = st.sampled_from(
    [
        "[net]",
        "[convolutional]",
        "[yolo]",
        "[route]",
        "[shortcut]",
        "[upsample]",
        "[maxpool]",
        "width=",
        "height=",
        "filters=",
        "size=",
        "stride=",
        "from=",
        "layers=",
        "anchors=",
        "mask=",
        "num=",
        "classes=",
        "-1",
        "0",
        "1",
        "2",
        "18",
        "96",
        "1e999",
        "1048576",
        "nan",
        ",",
        ";",
        "#",
        "activation=leaky",
        "pad=1",
        "=",
        "\n",
        "\n",
        "\n",
    ]
)


@given(st.lists(_WORDS, max_size=60).map("".join))
def test_any_text_is_a_network_or_a_model_error(text: str) -> None:
    with suppress(ModelError):
        cfg = parse(text)
        with suppress(ModelError):
            cfg.check_size(96, 96)
