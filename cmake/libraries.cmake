# What comes from Debian, one row a library. A module names what it uses in
# LIBRARIES; tests/includes.txt says which headers that allows it to include.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(library name package)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${package})
    add_library(lib_${name} ALIAS PkgConfig::${name})
endfunction()

library(jansson        jansson)
library(yaml           yaml-0.1)
library(sodium         libsodium)
library(openssl_crypto libcrypto)
library(openssl_ssl    libssl)
library(sqlite         sqlite3)
library(pq             libpq)
library(curl           libcurl)
library(microhttpd     libmicrohttpd)
library(pcre2          libpcre2-8)
library(utf8proc       libutf8proc)
library(idn            libidn)
library(zlib           zlib)
if(POSTERN_TESTS OR POSTERN_FUZZ)
    library(msgpack    msgpack) # the referee of our own scanners
    library(jwt        libjwt)  # and of our tokens
endif()

# libev ships no pkg-config file.
add_library(lib_ev INTERFACE)
target_link_libraries(lib_ev INTERFACE ev)
