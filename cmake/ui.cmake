# embed_ui(<target> <folder>): the web console that `./dev ui` has left in the folder becomes the
# ui_bundle of the target (gateway/ui/bundle.h); without a manifest.json there, an empty one. Looked
# at in every build: what has changed there is in the next program.
set(POSTERN_UI_DIR ${PROJECT_SOURCE_DIR}/build/ui CACHE PATH "the web console's bundle")

function(embed_ui target folder)
    if(NOT TARGET ${target})
        return()
    endif()
    set(source ${CMAKE_BINARY_DIR}/embed/ui_${target}.c)
    add_custom_target(ui_bundle_${target}
        COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DOUTPUT=${source}
                -P ${PROJECT_SOURCE_DIR}/cmake/ui_bundle.cmake
        BYPRODUCTS ${source} VERBATIM)
    add_dependencies(${target} ui_bundle_${target})
    target_sources(${target} PRIVATE ${source})
    # The optimizer at link time does not look into what is written for the assembler.
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS -fno-lto)
endfunction()
