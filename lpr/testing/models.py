"""The requirements of a model pack."""

from __future__ import annotations

from lpr.darknet.cfg import read_cfg
from lpr.darknet.onnx_cache import network_of
from lpr.darknet.weights import read_weights
from lpr.models import Model, installed_models, read_model, verify


def check_model_pack(name: str) -> Model:
    """Check an installed model pack and return its model.

    Its ``model.toml`` must be valid and state a licence and the pack's name; its files must have
    the stated hashes, and the detector's weights must fit the cfg. The model is for
    :func:`check_recognizer_runtime` and :func:`check_detector_runtime`.
    """
    installed = installed_models()
    assert name in installed, (
        f"{name} is not installed, or its entry point in the group lpr.models does not name a "
        f"package that holds a model.toml; there are {', '.join(installed)}"
    )
    model = read_model(installed[name])
    assert model.name == name, f"the pack {name} holds the model {model.name}: use one name"
    assert model.licence, f"{name} states no licence"
    assert model.description, f"{name} does not describe itself"
    problems = verify(model)
    assert not problems, "; ".join(problems)
    detector = model.detector_part
    if detector and detector.format == "onnx":
        network_of(detector)
    elif detector:
        cfg = read_cfg(detector.cfg)
        cfg.check_size(detector.spec.width, detector.spec.height)
        read_weights(detector.weights, cfg)
    return model
