# module(<layer>/<name> [LINKS modules...] [LIBRARIES foreign...])
#
# One folder, one static library, one promise. A module sees its own headers and
# those of the modules it LINKS, spelled "module/header.h", and no other: each
# module's headers are offered in a folder of their own. The executable
# link_<name> pulls in every object of the module against its declared links
# alone, so a symbol taken from an undeclared neighbour does not link, and a
# cycle does not generate.
set_property(GLOBAL PROPERTY GLOBAL_DEPENDS_NO_CYCLES ON)
file(WRITE ${CMAKE_BINARY_DIR}/link/main.c "int main(void)\n{\n    return 0;\n}\n")

# -DPOSTERN_ONLY="base;payload" configures these modules alone, for work on one of them.
set(POSTERN_ONLY "" CACHE STRING "modules to configure; empty: all")

function(module path)
    cmake_parse_arguments(M "" "" "LINKS;LIBRARIES" ${ARGN})
    get_filename_component(name ${path} NAME)
    if(POSTERN_ONLY AND NOT name IN_LIST POSTERN_ONLY)
        return()
    endif()
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${path}/*.c)
    if(NOT sources)
        message(FATAL_ERROR "module ${path} has no sources")
    endif()
    set(offered ${CMAKE_BINARY_DIR}/include/${name})
    file(MAKE_DIRECTORY ${offered})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${path} ${offered}/${name} SYMBOLIC)

    list(TRANSFORM M_LIBRARIES PREPEND lib_)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${offered})
    target_link_libraries(${name} PUBLIC ${M_LINKS} ${M_LIBRARIES} Threads::Threads m)

    if(POSTERN_TESTS)
        add_executable(link_${name} ${CMAKE_BINARY_DIR}/link/main.c)
        target_link_libraries(link_${name} PRIVATE
            -Wl,--whole-archive $<TARGET_FILE:${name}> -Wl,--no-whole-archive ${M_LINKS}
            ${M_LIBRARIES} Threads::Threads m)
        add_dependencies(link_${name} ${name})
    endif()
    set_property(GLOBAL APPEND PROPERTY POSTERN_MODULES ${path})
endfunction()

function(program name main)
    if(POSTERN_ONLY)
        return()
    endif()
    cmake_parse_arguments(P "" "" "LINKS" ${ARGN})
    add_executable(${name} ${main})
    target_link_libraries(${name} PRIVATE ${P_LINKS})
endfunction()
