"""Package metadata. Tool settings live in pyproject.toml; exact versions in scripts/locks/."""

from setuptools import find_packages, setup

# numpy 2 passes every install check beside tflite-runtime 2.14 and fails at the first Interpreter;
# numpy < 2 in turn caps OpenCV at 4.11.
EDGE = [
    "ai-edge-litert>=2.1,<3",
    "av>=15,<19",
    "cryptography>=43",
    "numpy>=1.26,<2",
    "opencv-python-headless>=4.11,<4.12",
    "paho-mqtt>=2.1,<3",
    "pydantic>=2.9,<3",
    "pyyaml>=6",
    "sqlite-utils>=4,<5",
    "tflite-runtime==2.14.0; python_version < '3.12'",
]
CENTRAL = [
    "alembic>=1.13",
    "argon2-cffi>=23",
    "chinesecalendar>=1.11",
    "cryptography>=43",
    "fastapi>=0.115",
    "httpx>=0.27",
    "jinja2>=3.1",
    "paho-mqtt>=2.1,<3",
    "pillow>=11",
    "psycopg[binary]>=3.2",
    "pydantic>=2.9,<3",
    "pyotp>=2.9",
    "python-multipart>=0.0.9",
    "pyyaml>=6",
    "rfc3161-client>=1.0",
    "segno>=1.6",
    "sqlalchemy>=2.0,<3",
    "uvicorn>=0.30",
    "weasyprint>=63",
    "wechatpayv3>=2.0",
    "xlsxwriter>=3.2",
]
# One of the gateways to telephones: only who uses it needs its dozen packages.
ALIYUN = ["alibabacloud_dysmsapi20170525>=4"]
# The second, independent reader of plates: it pulls the full OpenCV and lives in a venv of its own.
READER = ["rapidocr-onnxruntime>=1.4", "numpy>=1.26,<2"]
# Trains and converts the models; never on a box. TensorFlow 2.15 writes int8 files that
# tflite-runtime 2.14 loads, and wants numpy < 2 as the box does.
TRAIN = [
    "ai-edge-litert>=2.1,<3",
    "matplotlib>=3.9",
    "numpy>=1.26,<2",
    "opencv-python-headless>=4.11,<4.12",
    "pillow>=11",
    "pydantic>=2.9,<3",
    "tensorflow-cpu==2.15.1; platform_machine == 'x86_64'",
    "tflite-runtime==2.14.0; python_version < '3.12'",
    "torch==2.13.0",
]
# Blender as a wheel exists for one Python and one platform each; the clips are committed, so that
# only who changes a scene needs this.
SCENE = [
    "av>=15,<19",
    "bpy==4.2.0; python_version < '3.12' and platform_machine == 'x86_64'",
    "numpy>=1.26,<2",
    "opencv-python-headless>=4.11,<4.12",
    "pillow>=11",
    "pydantic>=2.9,<3",
    "pyyaml>=6",
    "tqdm>=4",
]
DEV = [
    *EDGE,
    *CENTRAL,
    *ALIYUN,
    "hypothesis>=6",
    "import-linter>=2",
    "jsonschema>=4",
    "mypy>=1.11",
    "openpyxl>=3.1",
    "playwright>=1.45",
    "pypdf>=5",
    "pytest>=8",
    "pytest-timeout>=2",
    "pytest-xdist>=3",
    "ruff>=0.6",
    "schemathesis>=4",
    "tqdm>=4",
    "types-jsonschema",
    "types-PyYAML",
    "types-tqdm",
]

setup(
    name="firelane",
    version="0.1.0",
    description="Keeps fire lanes open: edge daemon at the camera, case server at the fire brigade",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["edge", "edge.*", "central", "central.*"]),
    include_package_data=False,
    package_data={
        "edge": ["*.sql"],
        "edge.wire": ["schemas/*.json", "asyncapi.yaml"],
        "central": [
            "templates/**/*.html",
            "static/**/*",
            "migrations/*.py",
            "migrations/versions/*.py",
            "locales/**/*.yaml",
        ],
        "central.documents": ["*.yaml", "*.html"],
    },
    install_requires=[],
    extras_require={
        "edge": EDGE,
        "central": CENTRAL,
        "systemd": ["systemd-python==235"],
        "aliyun": ALIYUN,
        "reader": READER,
        "dev": DEV,
        "train": TRAIN,
        "scene": SCENE,
    },
    entry_points={
        "console_scripts": [
            "firelane-edge = edge.__main__:main",
            "firelane-central = central.__main__:main",
            "firelane-verify = central.firelane_verify:main",
        ]
    },
)
