# The commands a person needs. `make demo` and `make test` do everything on a fresh Debian 12 machine.
#
#   make demo     the main job on real files, on the embedded broker (DIR=folder, BROKER=url to choose)
#   make test     all tests: optimised, with ASan+UBSan, with TSan (see scripts/test)
#   make sim      the simulator for an hour (MINUTES=, SEEDS=), docs/internals/simulator.md
#   make fuzz     every fuzz target for ten minutes (MINUTES=), docs/internals/fuzzing.md
#   make build    the tool, to build/bin/windlass
#   make install  library, headers and tool (PREFIX=/usr/local)
#   make deb      Debian packages of library, development files and tool, to build/deb/packages
#   make docs     the reference of the public headers, to build/docs/html
#   make docs-check  links and code blocks of all documents (scripts/check-docs --write mends the blocks)
#   make fault    clients and servers on stores that fail (writes docs/reliability-report.md; RUNS=3 SECONDS_EACH=20)
#   make build-report  a clean build of library and tool without ccache, and its time by target
#   make bench    the measurements of bench/, to the terminal and as JSON
#   make tidy     clang-tidy over the library
#   make format   clang-format over all C++ files
#   make clean    removes build/

JOBS ?= $(shell nproc)
export JOBS

.PHONY: demo test sim fuzz build build-report install deb docs docs-check fault bench tidy format clean setup setup-test

build: setup
	@scripts/build release windlass_tool
	@mkdir -p build/bin && ln -sf ../release/bin/windlass build/bin/windlass

demo: build
	@build/bin/windlass $(if $(BROKER),--broker '$(BROKER)') demo $(DIR)

build-report: setup
	@rm -rf build/report && mkdir -p build
	@cmake --preset release -B build/report >build/report-configure.log
	@bash -c 'time CCACHE_DISABLE=1 NINJA_STATUS="[%f/%t] " ninja -C build/report -j $(JOBS) windlass windlass_tool >build/report.log'
	@scripts/build-report build/report

install: setup
	@scripts/build release windlass_tool windlass windlass_shared
	@cmake --install build/release --prefix "$(or $(PREFIX),/usr/local)"

test: setup-test
	@scripts/test

deb: setup
	@scripts/setup deb
	@scripts/build deb windlass_tool windlass windlass_shared
	@cd build/deb && cpack >cpack.log || { cat cpack.log >&2; exit 1; }
	@ls build/deb/packages/*.deb

docs:
	@scripts/setup docs
	@scripts/reference

docs-check:
	@scripts/check-docs

fault: setup-test
	@scripts/build dev fault_harness
	@scripts/fault $(if $(RUNS),--runs $(RUNS)) $(if $(SECONDS_EACH),--seconds $(SECONDS_EACH)) $(SCENARIOS)

sim: setup-test
	@scripts/sim

fuzz: setup-test
	@scripts/fuzz

bench: setup
	@scripts/build release windlass_tool
	@scripts/bench

tidy: setup-test
	@scripts/setup tidy
	@scripts/build tidy windlass_tool

format:
	@scripts/setup format
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-14 -i

setup:
	@scripts/setup build

setup-test:
	@scripts/setup build test

clean:
	rm -rf build
