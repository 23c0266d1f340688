# What there is to make. `make test` needs cargo alone; `make test-servers` needs root on Debian.

CARGO ?= cargo

.PHONY: build test test-crates test-embedded test-servers test-faults test-cuts servers test-cases test-roundtrips \
	check fuzz bench bench-docs bench-page bench-build build-release demo clean

# The five tools.
build:
	$(CARGO) build

# Unit and scripted tests, then the cases against the embedded server.
test: test-crates test-embedded

test-crates:
	$(CARGO) test

test-embedded: build
	$(CARGO) build -p embedded
	$(CARGO) test -p servers --lib
	$(CARGO) test -p servers --test cases -- embedded

# The cases against vsftpd, ProFTPD, Pure-FTPd and pyftpdlib; what the tools wait for over a link, and cuts.
test-servers: test-cases test-roundtrips test-cuts

# Every fault in every phase of every transfer, with and without TLS, and one oracle over all.
test-faults: build
	$(CARGO) build -p faults
	$(CARGO) run -q -p faults -- $(CELLS)

# Large files through real servers, while every data connection is cut after 5 to 50 MiB.
test-cuts: build servers
	$(CARGO) build -p faults
	$(CARGO) run -q -p faults -- --cuts

servers:
	tests/servers/fetch

test-cases: build servers
	$(CARGO) test -p servers --test cases -- vsftpd proftpd pureftpd pyftpdlib

test-roundtrips: build servers
	$(CARGO) build -p delaylink
	$(CARGO) test -p servers --test roundtrips

check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps

# Every listing parser against bytes that libFuzzer makes up, each for so many seconds. Needs cargo-fuzz and a
# nightly compiler, and says so.
FUZZ_SECONDS ?= 60

fuzz:
	FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz/run

# The tools beside their peers: time, memory, ratios. Needs `make servers`, root for them and for a link with latency,
# and the peers, of which one that is missing is left out: curl wget ncftp lftp rclone aria2 python3. Files of a
# benchmark lie in memory where that can be had. BENCH names workloads, BENCH_RUNS and BENCH_MIB make it smaller;
# bench-docs writes docs/benchmarks.md and its chart besides, bench-page makes them of what was measured before.
MEASURE = $(if $(wildcard /dev/shm),TMPDIR=/dev/shm) $(CARGO) run -q -p bench --

bench: bench-build
	$(MEASURE) $(BENCH)

bench-docs: bench-build
	$(MEASURE) --write docs $(BENCH)

bench-page:
	$(MEASURE) --render docs

bench-build: build-release
	$(CARGO) build -p bench

build-release:
	$(CARGO) build --release
	$(CARGO) build --release -p delaylink

# The five tools at work, on two servers that live as long as the demo.
demo:
	tests/demo

clean:
	$(CARGO) clean
