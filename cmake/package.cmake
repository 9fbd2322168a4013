# What is installed where, and the Debian package of it: cpack --config build/release/CPackConfig.cmake
include(GNUInstallDirs)
install(TARGETS postern RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY specs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/postern/specs)
install(FILES packaging/postern.service DESTINATION lib/systemd/system)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME postern)
set(CPACK_PACKAGE_VENDOR "the Postern authors")
set(CPACK_PACKAGE_CONTACT "the Postern authors <postern@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "REST-first API gateway with a WAMP backbone")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
# From the libraries that the program is linked to.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Whose certificates are trusted, where wss:// or https:// is called.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
include(CPack)
