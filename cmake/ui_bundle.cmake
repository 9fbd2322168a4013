# cmake -DFOLDER=... -DOUTPUT=... -P ui_bundle.cmake: writes the C source of a ui_bundle, whose bytes
# the assembler takes from FOLDER. With the digest of each file in it, it changes when they do.
set(assembly "")
set(declared "")
set(rows "")
set(count 0)
if(EXISTS ${FOLDER}/manifest.json)
    file(READ ${FOLDER}/manifest.json manifest)
    string(JSON count LENGTH "${manifest}" files)
endif()
if(count GREATER 0)
    math(EXPR last "${count} - 1")
    foreach(i RANGE ${last})
        string(JSON path GET "${manifest}" files ${i} path)
        string(JSON type GET "${manifest}" files ${i} type)
        string(JSON immutable GET "${manifest}" files ${i} immutable)
        if(NOT path MATCHES "^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"
           OR NOT type MATCHES "^[a-z]+/[A-Za-z0-9.+-]+(; charset=[a-z0-9-]+)?$")
            message(FATAL_ERROR "${FOLDER}/manifest.json: what is ${path} of ${type}?")
        endif()
        set(file ${FOLDER}/${path}.gz)
        file(SHA256 ${file} digest)
        string(SUBSTRING ${digest} 0 32 digest)
        file(SIZE ${file} size)
        string(TOLOWER "${immutable}" immutable)
        if(immutable MATCHES "^(on|true)$")
            set(immutable true)
        else()
            set(immutable false)
        endif()
        string(APPEND assembly
               "        \"ui_bytes_${i}: .incbin \\\"${file}\\\"\\n\"\n")
        string(APPEND declared "extern const char ui_bytes_${i}[];\n")
        string(APPEND rows "    {STR_INIT(\"${path}\"),\n     STR_INIT(\"${type}\"),\n"
               "     STR_INIT(\"${digest}\"),\n     ${immutable},\n     {ui_bytes_${i}, ${size}}},\n")
    endforeach()
    set(table
"__asm__(\".pushsection .rodata.ui_bytes,\\\"a\\\"\\n\"
${assembly}        \".popsection\");
${declared}
static const struct ui_file files[] = {
${rows}};
const struct ui_bundle ui_bundle = {files, ${count}};
")
else()
    set(table "const struct ui_bundle ui_bundle = {NULL, 0};\n")
endif()
set(text "#include \"ui/bundle.h\"\n\n${table}")
set(old "")
if(EXISTS ${OUTPUT})
    file(READ ${OUTPUT} old)
endif()
if(NOT old STREQUAL text)
    file(WRITE ${OUTPUT} "${text}")
endif()
