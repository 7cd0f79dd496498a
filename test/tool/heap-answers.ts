/** Answers of GC.heap_info after those of VM.version and VM.flags. */
export const HEAPS: readonly (readonly [string, string, string])[] = [
  [
    'JDK 8, Parallel',
    `OpenJDK 64-Bit Server VM version 25.504-b08
JDK 8.0_504
-XX:CICompilerCount=2 -XX:MaxHeapSize=134217728 -XX:+UseCompressedOops -XX:+UseParallelGC
 PSYoungGen      total 38400K, used 24093K [0x00000000fd580000, 0x0000000100000000, 0x0000000100000000)
  eden space 33280K, 72% used [0x00000000fd580000,0x00000000fed07400,0x00000000ff600000)
  from space 5120K, 0% used [0x00000000ffb00000,0x00000000ffb00000,0x0000000100000000)
 ParOldGen       total 87552K, used 1000K [0x00000000f8000000, 0x00000000fd580000, 0x00000000fd580000)
  object space 87552K, 0% used [0x00000000f8000000,0x00000000f8000000,0x00000000fd580000)
 Metaspace       used 237K, capacity 448K, committed 448K, reserved 1056768K
  class space    used 6K, capacity 128K, committed 128K, reserved 1048576K`,
    `used=${25_093 * 1024} max=134217728 jdk=8 gc=Parallel`,
  ],
  [
    'JDK 11 to 21, G1',
    `JDK 21.0.13
-XX:G1HeapRegionSize=1048576 -XX:MaxHeapSize=134217728 -XX:SoftMaxHeapSize=134217728 -XX:+UseG1GC
 garbage-first heap   total 131072K, used 22002K [0x00000000f8000000, 0x0000000100000000)
  region size 1024K, 5 young (5120K), 1 survivors (1024K)
 Metaspace       used 169K, committed 384K, reserved 1114112K`,
    `used=${22_002 * 1024} max=134217728 jdk=21 gc=G1`,
  ],
  [
    'JDK 17, Serial',
    `JDK 17.0.15
-XX:MaxHeapSize=134217728 -XX:+UseSerialGC
 def new generation   total 39296K, used 23183K [0x00000000f8000000, 0x00000000faaa0000, 0x00000000faaa0000)
  eden space 34944K,  66% used [0x00000000f8000000, 0x00000000f96a3db0, 0x00000000fa220000)
 tenured generation   total 87424K, used 817K [0x00000000faaa0000, 0x0000000100000000, 0x0000000100000000)
   the space 87424K,   0% used [0x00000000faaa0000, 0x00000000faaa0000, 0x00000000faaa0200, 0x0000000100000000)`,
    `used=${24_000 * 1024} max=134217728 jdk=17 gc=Serial`,
  ],
  [
    'JDK 17, Z',
    `JDK 17.0.15
-XX:MaxHeapSize=134217728 -XX:-UseCompressedOops -XX:+UseZGC
 ZHeap           used 24M, capacity 128M, max capacity 128M
 Metaspace       used 218K, committed 448K, reserved 1114112K`,
    `used=${24 * 1024 * 1024} max=134217728 jdk=17 gc=Z`,
  ],
  [
    'JDK 17, Shenandoah',
    `JDK 17.0.15
-XX:MaxHeapSize=134217728 -XX:+UseShenandoahGC
Shenandoah Heap
 128M max, 128M soft max, 128M committed, 22528K used
 512 x 256K regions
Status: not cancelled`,
    `used=${22_528 * 1024} max=134217728 jdk=17 gc=Shenandoah`,
  ],
  [
    'JDK 25, G1',
    `JDK 25.0.5
-XX:MaxHeapSize=134217728 -XX:+UseG1GC
garbage-first heap   total reserved 131072K, committed 131072K, used 22615K [0x00000000f8000000, 0x0000000100000000)
 region size 1024K, 10 young (10240K), 2 survivors (2048K)`,
    `used=${22_615 * 1024} max=134217728 jdk=25 gc=G1`,
  ],
  [
    'JDK 25, Serial',
    `JDK 25.0.5
-XX:MaxHeapSize=134217728 -XX:+UseSerialGC
DefNew     total 39296K, used 23179K [0x00000000f8000000, 0x00000000faaa0000, 0x00000000faaa0000)
 eden space 34944K,  66% used [0x00000000f8000000, 0x00000000f96a2da0, 0x00000000fa220000)
Tenured    total 87424K, used 1166K [0x00000000faaa0000, 0x0000000100000000, 0x0000000100000000)
 the  space 87424K,   1% used [0x00000000faaa0000, 0x00000000fabc3ab8, 0x0000000100000000)`,
    `used=${24_345 * 1024} max=134217728 jdk=25 gc=Serial`,
  ],
  [
    'JDK 26, G1, in MiB',
    `JDK 26.0.2
-XX:MaxHeapSize=134217728 -XX:+UseG1GC
garbage-first heap   total reserved 128M, committed 128M, used 22M [0x00000000f8000000, 0x0000000100000000)`,
    `used=${22 * 1024 * 1024} max=134217728 jdk=26 gc=G1`,
  ],
];

const HELP = `GC.heap_dump
Generate a HPROF format dump of the Java heap.

Impact: High: Depends on Java heap size and content. Request a full GC unless the '-all' option is specified.

Syntax : GC.heap_dump [options] <filename>

Arguments:
	filename :  Name of the dump file (STRING, no default value)

Options: (options must be specified using the <key> or <key>=<value> syntax)
	-all : [optional] Dump all objects, including unreachable objects (BOOLEAN, false)`;
const GZ = `	-gz : [optional] If specified, the heap dump is written in gzipped format (INT, 1)`;
const OVERWRITE = `	-overwrite : [optional] If specified, the dump file will be overwritten if it exists (BOOLEAN, false)`;
const PARALLEL = `	-parallel : [optional] Number of parallel threads to use for heap dump. (INT, 1)`;

/** What `help GC.heap_dump` answers, and what that means for a dump into a pipe. */
export const HELPS: readonly (readonly [string, string, string])[] = [
  ['JDK 8', HELP, 'overwrite=no parallel=no'],
  ['JDK 17', `${HELP}\n${GZ}\n${OVERWRITE}`, 'overwrite=yes parallel=no'],
  ['JDK 25', `${HELP}\n${GZ}\n${OVERWRITE}\n${PARALLEL}`, 'overwrite=yes parallel=yes'],
];
