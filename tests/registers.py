"""The register as a file, with one red car in it, for tests that ask it through its adapter."""

from pathlib import Path

from central.gateways.config import CsvRegister
from central.gateways.register import COLUMNS, OPTIONAL_COLUMNS, CsvRegisterGateway

RED_CAR = {
    "plate": "浙B12345",
    "colour": "blue",
    "vehicle_class": "small-car",
    "vin": "LSVAA49J132047371",
    "phone": "13800000000",
    "holder_kind": "person",
    "holder_name": "张小明",
    "holder_id": "11010519491231002X",
    "holder_address": "示例区望江路 8 号",
    "body_colour": "E",
    "make": "示例牌",
    "model": "SL7001",
}


def register_file(folder: Path, **changed: str) -> CsvRegisterGateway:
    columns = (*COLUMNS, *OPTIONAL_COLUMNS)
    entry = {**dict.fromkeys(columns, ""), **RED_CAR, **changed}
    path = folder / "register.csv"
    text = f"{','.join(columns)}\n{','.join(entry[name] for name in columns)}\n"
    path.write_text(text, encoding="utf-8")
    return CsvRegisterGateway(CsvRegister(kind="csv", file=path))
