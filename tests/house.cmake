# What the house promises about itself, as tests: foreign headers stay in their modules, and the
# build shows a module no header of a module that it does not link.
add_test(NAME house.check_includes COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check_includes)
add_test(NAME house.check_includes_test COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check_includes_test)
# ... and docs/admin.md says of the admin API what it is.
add_test(NAME house.check_admin_doc COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check_admin_doc)
# ... and the web console is in the program as `./dev ui` has left it.
add_test(NAME house.ui_bundle COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/ui_bundle_test)
# ... and ./dev gets what it needs, on a machine that has nothing.
add_test(NAME house.dev COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/dev_test)

function(wall module header wanted)
    file(GLOB exists ${PROJECT_SOURCE_DIR}/*/${header})
    if(NOT exists)
        message(FATAL_ERROR "${header} has moved: the wall test would prove nothing")
    endif()
    if(TARGET ${module})
        string(REPLACE "/" "_" test ${header})
        add_test(NAME house.wall.${module}.${test}
                 COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/module_wall_test ${CMAKE_C_COMPILER} ${module}
                         "$<TARGET_PROPERTY:${module},INCLUDE_DIRECTORIES>" ${header} ${wanted})
    endif()
endfunction()

wall(loop     base/str.h          YES) # what it links
wall(realm    loop/worker.h       YES)
wall(pipeline realm/router.h      YES)
wall(base     loop/worker.h       NO) # a neighbour above
wall(payload  document/document.h NO)
wall(store    rbac/rbac.h         NO) # a layer above
wall(rbac     realm/router.h      NO)
wall(realm    pipeline/pipeline.h NO)
wall(transport http/front.h       NO)

# Every module's names are its own.
set(libraries "")
foreach(path IN LISTS modules)
    get_filename_component(module ${path} NAME)
    get_target_property(type ${module} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
        list(APPEND libraries $<TARGET_FILE:${module}>)
    endif()
endforeach()
add_test(NAME house.one_definition
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/one_definition ${libraries})
