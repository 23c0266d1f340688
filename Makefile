# What there is to make. `make test` needs cargo alone; `make test-servers` needs root on Debian.

CARGO ?= cargo
TOOLS = ftp-ls ftp-get ftp-put ftp-rm ftp-pipe

.PHONY: build test test-crates test-embedded test-static static test-servers test-faults test-hostile test-cookbook test-cuts servers test-cases \
	test-proxies test-roundtrips test-face test-install check supply fuzz bench bench-docs bench-page bench-build build-release \
	demo still clean release pages install uninstall dist deb

# The five tools.
build:
	$(CARGO) build

# Unit and scripted tests, then the cases against the embedded server.
test: test-crates test-embedded

test-crates:
	$(CARGO) test

# The scripted cases and those against the embedded server, with the programs that `make dist` packs.
test-static: build static
	$(CARGO) build -p embedded
	for tool in $(TOOLS); do \
		FTP_TOOLS_BIN=$(OUT)/$(STATIC)/release $(CARGO) test -p $$tool --test $${tool#ftp-} || exit 1; \
	done
	FTP_TOOLS_BIN=$(OUT)/$(STATIC)/release $(CARGO) test -p servers --test cases -- embedded

test-embedded: build
	$(CARGO) build -p embedded
	$(CARGO) test -p servers --lib
	$(CARGO) test -p servers --test cases -- embedded

# The cases against vsftpd, ProFTPD, Pure-FTPd and pyftpdlib; through proxies; what the tools wait for over a link, and cuts.
test-servers: test-cases test-proxies test-roundtrips test-cuts

# Every fault in every phase of every transfer, with and without TLS, and one oracle over all.
test-faults: build
	$(CARGO) build -p faults
	$(CARGO) run -q -p faults -- $(CELLS)

# Hostile servers, networks and names: the cases about them, floods and the memory they cost, certificates, third
# parties, dialogues made of rubbish.
test-hostile: build
	$(CARGO) build -p hostile
	$(CARGO) run -q -p hostile -- $(ATTACKS)

# The recipes of docs/cookbook.md, docs/scaling.md and both READMEs, each as a reader would run it. Needs the programs
# that stand in them, and the commands of ours in docs/from-curl-lftp.md; a recipe whose program is missing fails.
test-cookbook: build
	$(CARGO) build -p embedded
	$(CARGO) test -p cookbook
	$(CARGO) run -q -p cookbook -- $(RECIPES)

# Large files through real servers, while every data connection is cut after 5 to 50 MiB.
test-cuts: build servers
	$(CARGO) build -p faults
	$(CARGO) run -q -p faults -- --cuts

servers:
	tests/servers/fetch

test-cases: build servers
	$(CARGO) test -p servers --test cases -- vsftpd proftpd pureftpd pyftpdlib

# The tools through microsocks and tinyproxy, from a network that has no other way to the servers.
test-proxies: build servers
	$(CARGO) build -p delaylink
	$(CARGO) test -p servers --test proxies

test-roundtrips: build servers
	$(CARGO) build -p delaylink
	$(CARGO) test -p servers --test roundtrips

# Man pages through mandoc, completions in bash, zsh and fish on a terminal of their own.
test-face: build
	$(CARGO) build -p embedded
	tests/completions

# Everything below `release`, into a scratch folder. Needs cargo-deb, and root for nothing.
test-install:
	$(CARGO) build -p embedded
	tests/install

check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps

# What the tools are made of: licences, where it comes from, what comes twice. Needs cargo-deny; advisories need the
# network and are asked for by hand (SECURITY.md).
supply:
	$(CARGO) deny --offline --locked check licenses bans sources

# All that reads bytes from outside against those that libFuzzer makes up, each for so many seconds. Needs cargo-fuzz
# and a C++ compiler. `make test-crates` runs the same over seeds and altered seeds.
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

# docs/progress.svg, of a real run on a terminal of its own.
still: build
	$(CARGO) build -p embedded
	tests/still

# To install for all: `make release`, then `make install` as root. PREFIX is where things are looked for, DESTDIR a
# folder that stands for the root.
PREFIX ?= /usr/local
DESTDIR ?=
OUT = $(or $(CARGO_TARGET_DIR),target)
RELEASE = $(OUT)/release
PAGES = target/pages
INSTALL = install
ROOT = $(DESTDIR)$(PREFIX)
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
DOCS = README.md README.zh-CN.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE docs/EXIT-CODES.md docs/JSON.md docs/listing.schema.json \
	docs/transfer.schema.json docs/cookbook.md docs/scaling.md docs/from-curl-lftp.md docs/LISTINGS.md docs/TRANSFERS.md docs/TRUST.md

# Not what the tests need besides: who installs waits for it.
release:
	$(CARGO) build --release $(addprefix -p ,$(TOOLS))

# `make install` as root finds them built, and asks no cargo.
$(RELEASE)/ftp-ls:
	$(CARGO) build --release $(addprefix -p ,$(TOOLS))

# What the tools print about themselves, one folder a kind.
pages: $(RELEASE)/ftp-ls
	mkdir -p $(addprefix $(PAGES)/,man1 man7 bash zsh fish)
	for tool in $(TOOLS); do \
		$(RELEASE)/$$tool --generate man >$(PAGES)/man1/$$tool.1 && \
		$(RELEASE)/$$tool --generate complete-bash >$(PAGES)/bash/$$tool && \
		$(RELEASE)/$$tool --generate complete-zsh >$(PAGES)/zsh/_$$tool && \
		$(RELEASE)/$$tool --generate complete-fish >$(PAGES)/fish/$$tool.fish || exit 1; \
	done
	cp docs/man/ftp-tools.7 $(PAGES)/man7/

install: pages
	$(INSTALL) -d $(addprefix $(ROOT)/,bin share/man/man1 share/man/man7 share/doc/ftp-tools \
		share/bash-completion/completions share/zsh/site-functions share/fish/vendor_completions.d)
	$(INSTALL) -m 755 $(addprefix $(RELEASE)/,$(TOOLS)) $(ROOT)/bin
	$(INSTALL) -m 644 $(addprefix $(PAGES)/man1/,$(addsuffix .1,$(TOOLS))) $(ROOT)/share/man/man1
	$(INSTALL) -m 644 $(PAGES)/man7/ftp-tools.7 $(ROOT)/share/man/man7
	$(INSTALL) -m 644 $(addprefix $(PAGES)/bash/,$(TOOLS)) $(ROOT)/share/bash-completion/completions
	$(INSTALL) -m 644 $(addprefix $(PAGES)/zsh/_,$(TOOLS)) $(ROOT)/share/zsh/site-functions
	$(INSTALL) -m 644 $(addprefix $(PAGES)/fish/,$(addsuffix .fish,$(TOOLS))) $(ROOT)/share/fish/vendor_completions.d
	$(INSTALL) -m 644 $(DOCS) $(ROOT)/share/doc/ftp-tools

uninstall:
	rm -f $(addprefix $(ROOT)/bin/,$(TOOLS)) $(addprefix $(ROOT)/share/man/man1/,$(addsuffix .1,$(TOOLS))) \
		$(ROOT)/share/man/man7/ftp-tools.7 $(addprefix $(ROOT)/share/bash-completion/completions/,$(TOOLS)) \
		$(addprefix $(ROOT)/share/zsh/site-functions/_,$(TOOLS)) \
		$(addprefix $(ROOT)/share/fish/vendor_completions.d/,$(addsuffix .fish,$(TOOLS)))
	rm -rf $(ROOT)/share/doc/ftp-tools

# A tarball for any Linux of this architecture: nothing in it is linked to a library. With the musl target of rustup
# where it is installed, else with glibc; what that means is in docs/RELEASE.md.
ARCH = $(shell uname -m)
LIBC = $(if $(wildcard $(shell rustc --print sysroot)/lib/rustlib/$(ARCH)-unknown-linux-musl/lib),musl,gnu)
STATIC = $(ARCH)-unknown-linux-$(LIBC)
NAME = ftp-tools-$(VERSION)-$(ARCH)-linux
DIST = target/dist
# The time of all files in it: that of the commit, so that whoever makes it again gets the same bytes.
STAMP = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct))

static:
	RUSTFLAGS="-C target-feature=+crt-static" $(CARGO) build --release --target $(STATIC)

dist: static
	rm -rf $(DIST)
	$(MAKE) install RELEASE=$(OUT)/$(STATIC)/release DESTDIR=$(DIST)/$(NAME) PREFIX=
	cp README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE $(DIST)/$(NAME)
	tar -C $(DIST) --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(STAMP)" \
		-cf - $(NAME) | gzip -9n >$(DIST)/$(NAME).tar.gz
	cd $(DIST) && sha256sum $(NAME).tar.gz >$(NAME).tar.gz.sha256

# A Debian package of the tools that `make release` built; cargo-deb makes it from the metadata of crates/ftp-get.
deb: release pages
	rm -rf target/deb
	$(CARGO) deb -p ftp-get --no-build --output target/deb/

clean:
	$(CARGO) clean
