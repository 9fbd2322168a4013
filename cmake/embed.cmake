# embed(<module> <file> <symbol>): the file's bytes become a constant of the module,
# declared by "extern const char SYMBOL[]; extern const size_t SYMBOL_size;".
function(embed module file symbol)
    if(NOT TARGET ${module})
        return()
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(REGEX REPLACE "((0x..,){16})" "\\1\n    " bytes "${bytes}")
    set(source ${CMAKE_BINARY_DIR}/embed/${symbol}.c)
    file(CONFIGURE OUTPUT ${source} CONTENT
"#include <stddef.h>

extern const char ${symbol}[];
extern const size_t ${symbol}_size;
const char ${symbol}[] = {
    ${bytes} 0x00};
const size_t ${symbol}_size = sizeof(${symbol}) - 1;
" @ONLY)
    target_sources(${module} PRIVATE ${source})
endfunction()
