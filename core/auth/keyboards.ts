/** A keyboard as rows of keys; the first row is the digits. A blank means that the row has no key there. */
type Keyboard = readonly [digits: string, top: string, home: string, bottom: string];

const DIGITS = '`1234567890-=';

/** Common keyboards, as typed without shift. */
export const KEYBOARDS: Readonly<Record<string, Keyboard>> = {
  qwerty: [DIGITS, ' qwertyuiop[]\\', " asdfghjkl;'", ' zxcvbnm,./'],
  azerty: ['²&é"\'(-è_çà)=', ' azertyuiop^$', ' qsdfghjklmù*', '<wxcvbn,;:!'],
  qwertz: ['^1234567890ß´', ' qwertzuiopü+', ' asdfghjklöä#', '<yxcvbnm,.-'],
  spanish: ["º1234567890'¡", ' qwertyuiop`+', ' asdfghjklñ´ç', '<zxcvbnm,.-'],
  swedish: ['§1234567890+´', ' qwertyuiopå¨', " asdfghjklöä'", '<zxcvbnm,.-'],
  danish: ['½1234567890+´', ' qwertyuiopå¨', " asdfghjklæø'", '<zxcvbnm,.-'],
  italian: ["\\1234567890'ì", ' qwertyuiopè+', ' asdfghjklòàù', '<zxcvbnm,.-'],
  turkishQ: ['"1234567890*-', ' qwertyuıopğü', ' asdfghjklşi,', '<zxcvbnmöç.'],
  turkishF: ['+1234567890/-', ' fgğıodrnhpqw', ' uieaütkmlyşx', '<jövcçzsb.,'],
  dvorak: ['`1234567890[]', " ',.pyfgcrl/=\\", ' aoeuidhtns-', ' ;qjkxbmwvz'],
  colemak: [DIGITS, ' qwfpgjluy;[]\\', " arstdhneio'", ' zxcvbkm,./'],
  colemakDh: [DIGITS, ' qwfpbjluy;[]\\', " arstgmneio'", ' zxcdvkh,./'],
  workman: [DIGITS, ' qdrwbjfup;[]\\', " ashtgyneoi'", ' zxmcvkl,./'],
  bepo: ['$"«»()@+-/*=%', ' bépoè^vdljzw', ' auie,ctsrnmç', 'êàyx.k’qghf'],
  neo: ['^1234567890-`', ' xvlcwkhgfqß´', ' uiaeosnrtdy', ' üöäpzbm,.j'],
  russian: ['ё1234567890-=', ' йцукенгшщзхъ\\', ' фывапролджэ', ' ячсмитьбю.'],
  ukrainian: ["'1234567890-=", ' йцукенгшщзхїґ', ' фівапролджє', ' ячсмитьбю.'],
  belarusian: ['ё1234567890-=', " йцукенгшўзх'", ' фывапролджэ', ' ячсмітьбю.'],
  bulgarian: ['(1234567890-.', ' ,уеишщксдзц;„', ' ьяаожгтнвмч', 'ѝюйъэфхпрлб'],
  serbian: ["`1234567890'+", ' љњертзуиопшђж', ' асдфгхјклчћ', ' ѕџцвбнм,.-'],
  greek: [DIGITS, ' ;ςερτυθιοπ[]\\', " ασδφγηξκλ΄'", ' ζχψωβνμ,./'],
  hebrew: [';1234567890-=', " /'קראטוןםפ][", ' שדגכעיחלךף,', ' זסבהנמצתץ.'],
  arabic: ['ذ1234567890-=', ' ضصثقفغعهخحجد', ' شسيبلاتنمكط', ' ئءؤر ىةوزظ'],
  persian: ['÷1234567890-=', ' ضصثقفغعهخحجچ', ' شسیبلاتنمکگ', ' ظطزرذدپو./'],
  korean: [DIGITS, ' ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ[]', " ㅁㄴㅇㄹㅎㅗㅓㅏㅣ;'", ' ㅋㅌㅊㅍㅠㅜㅡ,./'],
  kana: [
    ' ぬふあうえおやゆよわほへ',
    ' たていすかんなにらせ゛゜',
    ' ちとしはきくまのりれけむ',
    ' つさそひこみもねるめろ',
  ],
  thai: ['_ๅ/-ภถุึคตจขช', ' ๆไำพะัีรนยบล', ' ฟหกดเ้่าสวง', ' ผปแอิืทมใฝ'],
};

/** The most common layouts: keys whose character with shift is not the capital letter. */
export const SHIFTED: Readonly<Record<string, readonly [plain: string, shifted: string]>> = {
  qwerty: ["`1234567890-=[]\\;',./", '~!@#$%^&*()_+{}|:"<>?'],
  azerty: ['²&é"\'(-è_çà)=^$ù*<,;:!', '²1234567890°+¨£%µ>?./§'],
  qwertz: ['^1234567890ß´+#<,.-', '°!"§$%&/()=?`*\'>;:_'],
};
