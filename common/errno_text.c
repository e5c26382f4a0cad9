#include "common/errno_text.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

/* Those that files and connections really end with; each fits into a pair of brackets. */
static const struct {
    int number;
    const char *text;
} rows[] = {
    /* files */
    {ENOENT, "没有这个文件或目录"},
    {EACCES, "权限不够"},
    {EPERM, "系统不允许这样做"},
    {EEXIST, "同名的文件已经存在"},
    {ENOTDIR, "路径的中间有一级不是目录"},
    {EISDIR, "这是一个目录"},
    {ENAMETOOLONG, "文件名太长"},
    {ELOOP, "符号链接绕成了圈"},
    {EROFS, "文件系统是只读的"},
    {ENOSPC, "设备上没有空间"},
    {EDQUOT, "磁盘配额已用完"},
    {EFBIG, "文件太大"},
    {EIO, "读写出错，设备可能有故障"},
    {EBADF, "没有打开"},
    {EBUSY, "正被占用"},
    {ENXIO, "没有这个设备"},
    {ENODEV, "没有这个设备"},
    {EPIPE, "另一端已不再接收"},
    {EILSEQ, "字符编码有误"},
    /* what runs out */
    {EMFILE, "本程序打开的文件太多"},
    {ENFILE, "整个系统打开的文件太多"},
    {ENOMEM, "内存不足"},
    {ENOBUFS, "网络缓冲区不足"},
    {EAGAIN, "暂时没有可用的资源"},
    {EINTR, "被信号打断"},
    {EINVAL, "参数无效"},
    /* connections */
    {EADDRINUSE, "地址已被占用"},
    {EADDRNOTAVAIL, "本机没有这个地址"},
    {EAFNOSUPPORT, "本机不支持这一类地址"},
    {ECONNREFUSED, "对方拒绝连接"},
    {ECONNRESET, "连接被对方中止"},
    {ECONNABORTED, "连接已中止"},
    {ENOTCONN, "没有连接"},
    {ETIMEDOUT, "等待超时"},
    {ENETDOWN, "本机的网络已断开"},
    {ENETUNREACH, "网络不通"},
    {EHOSTUNREACH, "到不了对方的主机"},
    {EHOSTDOWN, "对方的主机没有开机"},
};

const char *errno_text(int number) {
    static _Thread_local char other[24];
    int kept = errno;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].number == number) return rows[i].text;
    snprintf(other, sizeof other, "错误 %d", number);
    errno = kept;
    return other;
}
