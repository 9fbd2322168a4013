# The compiler's part of the house style: strict warnings, hardening, sanitizers.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g -fno-omit-frame-pointer")

add_compile_definitions(_GNU_SOURCE POSTERN_VERSION="${PROJECT_VERSION}")
add_compile_options(
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wvla -Wformat=2 -Wcast-qual -Wpointer-arith -Wundef -Wwrite-strings
    -Wimplicit-fallthrough -Werror -fno-common -fstack-protector-strong)
add_compile_options("$<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>")
add_compile_options(-include ${PROJECT_SOURCE_DIR}/core/base/banned.h)

# Modules are small libraries; this lets the compiler look across them (docs/performance.md).
option(POSTERN_LTO "optimize at link time, where the tools can" OFF)
if(POSTERN_LTO)
    include(CheckIPOSupported)
    check_ipo_supported(RESULT CMAKE_INTERPROCEDURAL_OPTIMIZATION OUTPUT why_not LANGUAGES C)
endif()

if(POSTERN_SANITIZE)
    add_compile_options(-fsanitize=${POSTERN_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${POSTERN_SANITIZE})
    if(POSTERN_FUZZ)
        add_compile_options(-fsanitize=fuzzer-no-link)
    endif()
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
