# Gives the GNU OpenMP that is installed beside the module a name of its own, as auditwheel does: the loader would hand
# ours to every library loaded later that needs a libgomp.so.1.
set(name libgomp-prunus.so.1)
set(folder "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/prunus")
file(GLOB module "${folder}/_core*.so")
find_program(PATCHELF patchelf REQUIRED)
execute_process(COMMAND ${PATCHELF} --set-soname ${name} "${folder}/${name}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${PATCHELF} --replace-needed libgomp.so.1 ${name} "${module}" COMMAND_ERROR_IS_FATAL ANY)
